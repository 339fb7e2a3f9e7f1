import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, it } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { FakeNvidiaSmi } from "./fake-nvidia-smi.test-kit.ts";
import { alive, until } from "./gpu-reading.test-kit.ts";
import { NvidiaSmi } from "./nvidia-smi.ts";
import { type ChildEnd, SupervisedChild } from "./supervised-child.ts";

const posix = process.platform === "win32" ? { skip: "needs a shell" } : {};

/** A child that runs a shell script, and how its runs ended. */
function shell(script: string, times: { readonly silentMs?: number; readonly idleMs?: number; readonly delay?: number } = {}) {
  const ends: ChildEnd[] = [];
  const pids: number[] = [];
  const child = new SupervisedChild({
    clock: systemClock,
    start: () => {
      const started = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe"] });
      pids.push(started.pid!);
      return started;
    },
    ended: (how) => {
      ends.push(how);
      return times.delay;
    },
    silentMs: times.silentMs ?? 60_000,
    idleMs: times.idleMs ?? 60_000,
  });
  return { child, ends, pids };
}

describe("SupervisedChild", posix, () => {
  it("kills a child that says nothing, and counts it", async () => {
    const { child, ends, pids } = shell("exec sleep 600", { silentMs: 100 });
    child.want();
    await until(() => ends.length === 1);
    assert.deepEqual([ends[0]!.signal, ends[0]!.silent, child.failures, child.running], ["SIGKILL", true, 1, false]);
    assert.equal(alive(pids[0]!), false);
    child.close();
  });

  it("leaves one alone that is heard", async () => {
    const { child, ends, pids } = shell("exec sleep 600", { silentMs: 300 });
    child.want();
    const heard = setInterval(() => child.heard(), 20);
    const start = performance.now();
    await until(() => performance.now() - start > 700);
    clearInterval(heard);
    assert.deepEqual([ends, alive(pids[0]!)], [[], true]);
    child.close();
  });

  it("waits longer before each next try", async () => {
    const { child, ends } = shell("exit 3");
    child.want();
    await until(() => ends.length === 1);
    const start = performance.now();
    await until(() => {
      child.want();
      return ends.length === 3;
    });
    const took = performance.now() - start;
    assert.ok(took > 2900, `a second and two, not ${took} ms`);
    assert.equal(ends[2]!.code, 3);
    child.close();
  });

  it("starts one at once again where the end was expected", async () => {
    const { child, ends } = shell("exit 0", { delay: 0 });
    child.want();
    await until(() => ends.length > 2);
    child.close();
    assert.equal(child.failures, 0);
  });

  it("does not wait for a grandchild that holds the pipe", async () => {
    using tree = new FixtureTree();
    const { child, ends } = shell(`sleep 600 & echo $! >${tree.path}/pid`);
    child.want();
    await until(() => ends.length === 1);
    assert.equal(ends[0]!.code, 0);
    process.kill(Number(tree.read("pid")), "SIGKILL");
    child.close();
  });

  it("stops without blame, and starts nothing once it is closed", async () => {
    const { child, ends, pids } = shell("exec sleep 600");
    child.want();
    child.stop();
    await until(() => !child.running);
    child.want();
    assert.equal(pids.length, 2);
    child.close();
    await until(() => !child.running);
    child.want();
    assert.deepEqual([pids.length, ends], [2, []]);
  });
});

describe("an nvidia-smi that hangs", posix, () => {
  const machine = FakeNvidiaSmi.machine("h100-pair");
  const options = { clock: systemClock, everyMs: 100, idleMs: 60_000, sysPath: "/nowhere", procPath: "/nowhere", graceMs: 1500 };

  it("is killed; its GPUs are lost once their values are too old; and when it works again it is asked round by round", async () => {
    using fake = new FakeNvidiaSmi(machine);
    const smi = new NvidiaSmi({ ...options, commands: [fake.command] });
    await until(() => smi.read().length === 2);
    fake.set({ ...machine, silent: true });
    await until(() => smi.failure !== "");
    assert.match(smi.failure, /nvidia-smi did not answer for 1\.6 s/);
    const all = (wanted: string): boolean => smi.read().filter(({ condition }) => condition === wanted).length === 2;
    await until(() => all("lost"));
    assert.deepEqual(
      smi.read().flatMap(({ readings }) => readings),
      [],
    );
    assert.equal(alive(fake.pids[0]!), false);
    fake.set(machine);
    await until(() => all("up"));
    assert.equal(smi.failure, "");
    assert.doesNotMatch(fake.calls.at(-1)!, /loop/);
    smi.close();
  });
});
