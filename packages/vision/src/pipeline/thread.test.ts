import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Thread } from "./thread.ts";

interface Started {
  readonly thread: Thread<{ kind: string }>;
  readonly words: string[];
  readonly deaths: string[];
}

function start(program: string): Started {
  const words: string[] = [];
  const deaths: string[] = [];
  const thread = new Thread<{ kind: string }>(new URL(`data:text/javascript,import { parentPort } from "node:worker_threads"; ${program}`), {
    name: "test",
    start: {},
    transfer: [],
    onWord: ({ kind }) => words.push(kind),
    onDeath: (message) => deaths.push(message),
  });
  return { thread, words, deaths };
}

describe("Thread", () => {
  it("hears every word before it hears of the end", async () => {
    const { thread, words, deaths } = start('for (const kind of ["a", "b", "finished"]) parentPort.postMessage({ kind });');
    await thread.exited;
    assert.deepEqual([words, deaths], [["a", "b", "finished"], []]);
  });

  for (const [what, program, message] of [
    ["throws", 'throw new Error("out of order")', /^out of order$/],
    ["exits", "process.exit(3)", /^it ended with code 3$/],
    ["ends without a last word", "", /^it ended with code 0$/],
  ] as const) {
    it(`tells of a thread that ${what}`, async () => {
      const { thread, deaths } = start(program);
      await thread.exited;
      assert.equal(deaths.length, 1);
      assert.match(deaths[0]!, message);
    });
  }

  it("ends a thread that does not end after its last word", async () => {
    const { thread, deaths } = start('parentPort.postMessage({ kind: "finished" }); setInterval(() => {}, 1000);');
    await thread.exited;
    assert.deepEqual(deaths, []);
  });

  it("ends a thread by force, and does not call that a death", async () => {
    const { thread, deaths } = start("for (;;);");
    thread.killAfter(10);
    await thread.exited;
    thread.killAfter(10);
    thread.tell({ kind: "stop" }); // nobody hears it
    assert.deepEqual(deaths, []);
  });

  it("keeps what a thread prints off our stdout, to the last line", async (t) => {
    const printed: string[] = [];
    t.mock.method(process.stderr, "write", (text: Uint8Array) => printed.push(Buffer.from(text).toString()));
    const stdout = t.mock.method(process.stdout, "write"); // the test runner speaks there too
    const { thread, deaths } = start('console.log("seen 3"); process.stdout.write("bare "); console.log("last"); process.exit(7);');
    await thread.exited;
    const ours = stdout.mock.calls.filter(({ arguments: [text] }) => String(text).startsWith("seen 3"));
    t.mock.restoreAll();
    assert.deepEqual([printed.join(""), ours, deaths.length], ["seen 3\nbare last\n", [], 1]);
  });

  it("says what it is told", async () => {
    const { thread, words } = start(
      'parentPort.once("message", ({ kind }) => { parentPort.postMessage({ kind: "told " + kind }); parentPort.postMessage({ kind: "finished" }); });',
    );
    thread.tell({ kind: "wake" });
    await thread.exited;
    assert.deepEqual(words, ["told wake", "finished"]);
  });
});
