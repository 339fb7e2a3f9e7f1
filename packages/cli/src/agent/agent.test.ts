import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { parsePrometheus } from "@inferometer/metrics/formats";
import { type Ended, inferometer } from "../command-line.test-kit.ts";

const quick = { concurrency: 1 } as const;
const linux = { ...quick, skip: process.platform !== "linux" } as const;

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Runs the real command on a free port, hands its address and process id to `ask`, and ends it by a signal. */
async function running(
  words: readonly string[],
  ask: (url: string, pid: number) => Promise<void>,
  { signal = "SIGTERM", cwd }: { readonly signal?: NodeJS.Signals; readonly cwd?: string } = {},
): Promise<Ended> {
  let asked: Promise<void> | undefined;
  const ended = await inferometer(["agent", "--port", "0", ...words], {
    ...(cwd === undefined ? {} : { cwd }),
    during(said, pid) {
      const [url] = /https?:\/\/[\d.]+:\d+/.exec(said) ?? [];
      if (url !== undefined) asked ??= ask(url, pid).finally(() => process.kill(pid, signal));
    },
  });
  assert.ok(asked !== undefined, `it never said where it listens: ${ended.stderr}`);
  await asked;
  return ended;
}

const get = async (url: string, headers: Record<string, string> = {}): Promise<readonly [status: number, text: string]> => {
  const response = await fetch(url, { headers, signal: AbortSignal.timeout(10_000) });
  return [response.status, await response.text()];
};

test("--once prints what the machine tells, and ends", linux, async () => {
  const { code, stdout } = await inferometer(["agent", "--once"]);
  assert.equal(code, 0);
  const snapshot = parsePrometheus(stdout);
  for (const name of ["node_cpu_seconds_total", "node_memory_MemTotal_bytes", "node_load1", "process_resident_memory_bytes"]) {
    assert.ok((snapshot.get(name)?.length ?? 0) > 0, `${name} is missing`);
  }
  assert.ok(stdout.endsWith("\n"));
});

test("--once --json prints the same as JSON", linux, async () => {
  const { code, stdout, stderr } = await inferometer(["agent", "--once", "--json", "--collectors", "loadavg"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const { node_load1 } = JSON.parse(stdout) as { node_load1: { samples: { value: number }[] } };
  assert.ok(node_load1.samples[0]!.value >= 0);
  assert.doesNotMatch(stdout, /process_|node_cpu/);
});

test("it serves until SIGTERM, and then ends with code 0", linux, async () => {
  const { code, stdout, stderr } = await running([], async (url) => {
    const [status, text] = await get(`${url}/metrics`);
    assert.equal(status, 200);
    assert.match(text, /^node_cpu_seconds_total\{/m);
    assert.match(text, /^process_resident_memory_bytes \d/m);
    assert.match(text, /^scrape_collector_success\{collector="gpu"\} [01]$/m);
    assert.equal((await get(`${url}/health`))[0], 200);
  });
  assert.deepEqual([code, stdout], [0, ""]);
  assert.match(stderr, /^inferometer: metrics of this machine at http:\/\/127\.0\.0\.1:\d+\/metrics\n$/);
});

test("a scrape chooses its collectors as it does with node_exporter", linux, async () => {
  await running(["--exclude", "process,gpu"], async (url) => {
    const [, some] = await get(`${url}/metrics?collect[]=loadavg&collect[]=uname`);
    assert.match(some, /^node_load1 /m);
    assert.match(some, /^node_scrape_collector_success\{collector="uname"\} 1$/m);
    assert.doesNotMatch(some, /node_cpu|process_|container_/);
    const [, rest] = await get(`${url}/metrics?exclude[]=loadavg`);
    assert.match(rest, /^node_uname_info/m);
    assert.doesNotMatch(rest, /node_load1|process_/);
    const [status, message] = await get(`${url}/metrics?collect[]=gpu`);
    assert.equal(status, 400);
    assert.match(message, /no collector "gpu"/);
  });
});

test("an agent that nobody asks does next to nothing", linux, async () => {
  /** How often the main thread has gone to sleep: once for each time that something woke it, whatever else the machine does. */
  const sleeps = (pid: number): number =>
    Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/task/${pid}/status`, "latin1"))![1]);
  await running(["--nvidia", "off"], async (url, pid) => {
    await get(`${url}/metrics`);
    // V8 tidies up once or twice behind the start and a scrape. A timer of a second would spoil every look, so one good look is enough.
    const looks: number[] = [];
    do {
      const before = sleeps(pid);
      await setTimeout(5000);
      looks.push(sleeps(pid) - before);
    } while (looks.at(-1)! >= 5 && looks.length < 6);
    assert.ok(looks.at(-1)! < 5, `woken in 5 s: ${looks.join(", ")}`);
    assert.equal(readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1"), "", "no child is left");
  });
});

test("it says to whom it is open, and when nobody is asked who he is", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "token"), "sesame-42\n");
  const said = async (...words: string[]): Promise<string> => {
    const { stderr } = await running(["--collectors", "process", ...words], async () => {}, { cwd: folder });
    return stderr.replace(/:\d+\//, ":N/");
  };
  const here = "inferometer: metrics of this machine at http://127.0.0.1:N/metrics";
  assert.equal(await said("--host", "0.0.0.0", "--token-file", "token"), `${here}, and at its other addresses\n`);
  const open = "inferometer: whoever reaches this machine may read them. --web-config or --token-file asks who it is.\n";
  assert.equal(await said("--host", "0.0.0.0"), `${here}, and at its other addresses\n${open}`);
});

test("Ctrl-C ends it, also while a scraper holds its connection", quick, async () => {
  // fetch keeps its connection open.
  const { code } = await running(["--collectors", "process"], async (url) => void (await get(`${url}/metrics`)), { signal: "SIGINT" });
  assert.equal(code, 130);
});

test("a web config lets in its users only", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "web.yml"), "basic_auth_users:\n  prometheus: $2b$04$VlJ2gHu/ttHtpD8MOm4e4usgLk1L40SONa7naW1iIeGAAmgFwcIzy\n");
  await running(
    ["--web-config", "web.yml", "--collectors", "process"],
    async (url) => {
      const as = (name: string): Record<string, string> => ({ authorization: `Basic ${Buffer.from(name).toString("base64")}` });
      assert.equal((await get(`${url}/metrics`))[0], 401);
      assert.equal((await get(`${url}/metrics`, as("prometheus:wrong")))[0], 401);
      assert.equal((await get(`${url}/metrics`, as("prometheus:secret")))[0], 200);
    },
    { cwd: folder },
  );
});

test("a token lets in who shows it", quick, async (t) => {
  const folder = scratch(t);
  writeFileSync(join(folder, "token"), "sesame-42\n");
  await running(
    ["--token-file", "token", "--collectors", "process"],
    async (url) => {
      assert.equal((await get(`${url}/metrics`))[0], 401);
      assert.equal((await get(`${url}/metrics`, { authorization: "Bearer sesame-42" }))[0], 200);
    },
    { cwd: folder },
  );
});

test("a port that is taken is named, with the way out", quick, async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  const { code, stdout, stderr } = await inferometer(["agent", "--port", String(port)]);
  server.close();
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`^inferometer: port ${port} of 127\\.0\\.0\\.1 is taken, .*--port 0.*\\n$`));
});

test("who calls it wrongly gets one line with the way out, and exit code 2", quick, async (t) => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["agent --json", /--json is for --once/],
    ["agent --collectors cpuu", /no collector "cpuu"/],
    ["agent --collectors cpu --exclude cpu", /leaves nothing to collect/],
    ["agent --ignore-disks [", /--ignore-disks is "\["/],
    ["agent --nvidia cuda", /--nvidia is "cuda"/],
    ["agent --web-config nowhere.yml", /--web-config is "nowhere\.yml", which does not exist\. Check the path/],
    ["agent --web-config .", /--web-config is "\.", which is a folder\. Give a file/],
    ["agent --token-file nowhere", /--token-file is "nowhere", which does not exist/],
    ["agent --procfs /nowhere", /--procfs is "\/nowhere", which does not exist/],
    [`agent --sysfs ${process.execPath}`, /--sysfs is ".*", which is not a folder/],
    [`agent --rootfs ${scratch(t)}`, /--rootfs is ".*", which is empty: nothing is mounted there/],
    ["agent --host=", /--host is ""\. Give a text that is not empty/],
    ["agent cpu", /agent takes no arguments/],
  ];
  for (const [line, message] of cases) {
    const { code, stdout, stderr } = await inferometer(line.split(" "));
    assert.deepEqual([code, stdout], [2, ""], `${line}: ${stderr}`);
    assert.match(stderr, message);
  }
});
