import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ManualClock, systemClock } from "../core/clock.ts";
import { FixtureTree } from "./fixture-tree.test-kit.ts";
import { type Errand, Outpost } from "./outpost.ts";

const posix = process.platform === "win32" ? { skip: "needs a shell" } : {};
const SECOND = 1000;

/** Waits, but not for ever, until children have done something. */
async function until(condition: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 10 * SECOND; !condition(); await setTimeout(5)) {
    assert.ok(performance.now() < deadline, "nothing happened in 10 s");
  }
}

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A command that writes its process number to a file and then never ends. */
function hanging(outpost: Outpost, tree: FixtureTree): Errand {
  return outpost.errand("sh", ["-c", `echo $$ > ${join(tree.path, "pid")}; exec sleep 600`]);
}

describe("Outpost", posix, () => {
  it("answers later what a command prints, and asks again only when it is time", async () => {
    const clock = new ManualClock();
    const outpost = new Outpost({ clock });
    const errand = outpost.errand("printf", ["hello %s", "you"]);
    assert.equal(errand.ageMs, Number.POSITIVE_INFINITY);
    errand.refresh(SECOND);
    assert.equal(errand.answer, undefined, "nobody waits");
    await until(() => errand.tried);
    assert.deepEqual([errand.answer, errand.answers, errand.failure, errand.ageMs], ["hello you", 1, "", 0]);
    clock.advance(999);
    errand.refresh(SECOND);
    clock.advance(1);
    assert.equal(errand.ageMs, SECOND);
    await setTimeout(0);
    assert.equal(errand.answers, 1);
    errand.refresh(SECOND);
    await until(() => errand.answers === 2);
    outpost.close();
  });

  it("kills a command that takes too long, and says so", async () => {
    using tree = new FixtureTree();
    const outpost = new Outpost({ clock: systemClock, deadlineMs: 300 });
    const errand = hanging(outpost, tree);
    errand.refresh(0);
    await until(() => errand.tried);
    assert.deepEqual([errand.answer, errand.failure], [undefined, "timeout"]);
    const pid = Number(await read(tree, "pid"));
    await until(() => !alive(pid));
    outpost.close();
  });

  it("keeps the last answer when a later try fails", async () => {
    using tree = new FixtureTree();
    tree.write("file", "first");
    const clock = new ManualClock();
    const outpost = new Outpost({ clock });
    const errand = outpost.errand("cat", [join(tree.path, "file")]);
    errand.refresh(SECOND);
    await until(() => errand.answers === 1);
    tree.remove("file");
    clock.advance(5 * SECOND);
    errand.refresh(SECOND);
    await until(() => errand.failure !== "");
    assert.deepEqual([errand.answer, errand.failure, errand.ageMs], ["first", "cat failed", 5 * SECOND]);
    outpost.close();
  });

  it("names a command that there is not", async () => {
    const outpost = new Outpost({ clock: systemClock });
    const errand = outpost.errand("no-such-command-anywhere", []);
    errand.refresh(0);
    await until(() => errand.tried);
    assert.equal(errand.failure, "no no-such-command-anywhere command");
    outpost.close();
  });

  it("runs only so many at a time, and a hanging one gives its place to the others", async () => {
    using tree = new FixtureTree();
    const outpost = new Outpost({ clock: systemClock, deadlineMs: 300, parallel: 1 });
    const stuck = hanging(outpost, tree);
    const other = outpost.errand("printf", ["ok"]);
    stuck.refresh(0);
    other.refresh(0);
    await until(() => other.tried);
    assert.deepEqual([stuck.failure, other.answer], ["timeout", "ok"]);
    outpost.close();
  });

  it("passes paths that are not UTF-8 byte by byte", async () => {
    using tree = new FixtureTree();
    const path = Buffer.concat([Buffer.from(`${tree.path}/`), Buffer.from([0xff, 0x27, 0x20, 0x24])]);
    const { writeFileSync } = await import("node:fs");
    writeFileSync(path, "found");
    const outpost = new Outpost({ clock: systemClock });
    const errand = outpost.errand("cat", [path]);
    errand.refresh(0);
    await until(() => errand.tried);
    assert.equal(errand.answer, "found");
    outpost.close();
  });

  it("kills what runs when it is closed, and starts nothing afterwards", async () => {
    using tree = new FixtureTree();
    const outpost = new Outpost({ clock: systemClock });
    const errand = hanging(outpost, tree);
    errand.refresh(0);
    await until(() => tree.has("pid") && Number.parseInt(tree.read("pid"), 10) > 0);
    const pid = Number(await read(tree, "pid"));
    outpost.close();
    await until(() => !alive(pid));
    const late = outpost.errand("printf", ["late"]);
    late.refresh(0);
    await setTimeout(0);
    assert.equal(late.tried, false);
  });

  it("keeps no process alive: one whose child hangs ends at once, and takes the child with it", () => {
    using tree = new FixtureTree();
    const script = join(tree.path, "never");
    tree.write("never", `#!/bin/sh\necho $$ > ${join(tree.path, "pid")}\nexec sleep 600\n`);
    chmodSync(script, 0o755);
    const code = `
      import { existsSync, readFileSync } from "node:fs";
      import { Outpost } from ${JSON.stringify(new URL("./outpost.js", import.meta.url).href)};
      import { systemClock } from ${JSON.stringify(new URL("../core/clock.js", import.meta.url).href)};
      const outpost = new Outpost({ clock: systemClock });
      outpost.errand(${JSON.stringify(script)}, []).refresh(0);
      const watch = setInterval(() => {
        if (existsSync(${JSON.stringify(join(tree.path, "pid"))}) && readFileSync(${JSON.stringify(join(tree.path, "pid"))}, "utf8") !== "") {
          clearInterval(watch); // nothing is left to do: the process may end
          console.log(performance.now());
        }
      }, 5);
      process.on("exit", () => console.log(performance.now()));
    `;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20 * SECOND });
    assert.equal(status, 0);
    const [done = 0, exit = Number.POSITIVE_INFINITY] = stdout.trim().split("\n").map(Number);
    assert.ok(exit - done < 2 * SECOND, `took ${exit - done} ms to exit`);
    const pid = Number(tree.read("pid"));
    const deadline = performance.now() + 5 * SECOND;
    while (alive(pid)) assert.ok(performance.now() < deadline, "the child was left behind");
  });
});

async function read(tree: FixtureTree, name: string): Promise<string> {
  await until(() => tree.has(name) && tree.read(name) !== "");
  return tree.read(name);
}
