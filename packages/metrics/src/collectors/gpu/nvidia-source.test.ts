import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { FakeNvidiaSmi } from "./fake-nvidia-smi.test-kit.ts";
import { alive, GpuProbe, until } from "./gpu-reading.test-kit.ts";

const posix = process.platform === "win32" ? { skip: "the fake is a script" } : {};
const pair = FakeNvidiaSmi.machine("h100-pair");
const UP_0 = 'gpu_up{gpu="0"}';
const BUSY_0 = 'gpu_utilization_ratio{gpu="0",engine="gpu"}';

describe("NVIDIA's GPUs that may sleep", posix, () => {
  it("does not wake a GPU that sleeps, and asks one that may sleep only when somebody scrapes", async () => {
    using smi = new FakeNvidiaSmi({ gpus: [pair.gpus[0]!] });
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    const power = (status: string): void => tree.write("sys/bus/pci/devices/0000:3b:00.0/power/runtime_status", `${status}\n`);
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    power("suspended");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath });
    const asleep = await probe.scrape();
    assert.deepEqual([asleep.ok, asleep.values[UP_0], asleep.values['gpu_suspended{gpu="0"}']], [true, 1, 1]);
    assert.deepEqual(smi.calls, []);
    power("active");
    const awake = await probe.until(({ values }) => values[BUSY_0] === 0.42);
    assert.equal(awake.values['gpu_suspended{gpu="0"}'], 0);
    assert.doesNotMatch(smi.calls[0]!, /loop/);
    await until(() => !alive(smi.pids.at(-1)!));
    smi.set({ gpus: [{ ...pair.gpus[0]!, "utilization.gpu": "55" }] });
    const before = smi.calls.length;
    const fresh = await probe.until(() => smi.calls.length > before);
    assert.equal(fresh.values[BUSY_0], 0.55, "the scrape that asks has the answer");
    assert.equal(smi.calls.length, before + 1, "and asks once");
    const { length } = smi.calls;
    power("suspended");
    const again = await probe.scrape();
    assert.deepEqual([again.values['gpu_suspended{gpu="0"}'], again.values[BUSY_0]], [1, undefined]);
    assert.ok(
      Object.keys(again.values).some((series) => series.startsWith('gpu_info{gpu="0",vendor="nvidia",name="NVIDIA H100')),
      "still known by name",
    );
    assert.equal(smi.calls.length, length);
  });

  it("leaves an idle GPU that may sleep alone for a while, so that it can fall asleep", async () => {
    using smi = new FakeNvidiaSmi({ gpus: [{ ...pair.gpus[0]!, "utilization.gpu": "0", "utilization.memory": "0", "utilization.decoder": "0" }] });
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    tree.write("proc/driver/nvidia/gpus/0000:3b:00.0/power", "Runtime D3 status:          Enabled (fine-grained)\nVideo Memory:  Active\n");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath, procPath: tree.procPath });
    await probe.until(({ values }) => values[BUSY_0] === 0);
    const asked = smi.calls.filter((call) => call.startsWith("--query")).length;
    const start = performance.now();
    const { values, ok } = await probe.until(() => performance.now() - start > 700);
    assert.deepEqual([values[BUSY_0], ok], [0, true]);
    assert.equal(smi.calls.filter((call) => call.startsWith("--query")).length, asked);
  });

  it("asks in a loop where the kernel would let the GPU sleep, but its driver does not", async () => {
    using smi = new FakeNvidiaSmi({ gpus: [pair.gpus[0]!] });
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    tree.write("proc/driver/nvidia/gpus/0000:3b:00.0/power", "Runtime D3 status:          Not supported\nVideo Memory:  Active\n");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath, procPath: tree.procPath });
    const { ok, values } = await probe.until(() => smi.calls.at(-1)?.includes("--loop-ms") === true);
    assert.deepEqual([ok, values['gpu_source_failures_total{source="nvidia-smi"}']], [true, undefined]);
  });

  it("asks no loop any more once the GPU may sleep: a laptop that was unplugged", async () => {
    using smi = new FakeNvidiaSmi({ gpus: [pair.gpus[0]!] });
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "on\n");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath });
    await probe.until(({ values }) => values[BUSY_0] === 0.42);
    assert.match(smi.calls.at(-1)!, /loop/);
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    await until(() => {
      void probe.scrape();
      return !alive(smi.pids[0]!);
    });
    const { ok } = await probe.until(() => smi.calls.length > 1);
    assert.doesNotMatch(smi.calls.at(-1)!, /loop/);
    assert.equal(ok, true);
  });

  it("gives a sleeping GPU the number that it has in its container", async () => {
    using smi = new FakeNvidiaSmi(pair);
    using tree = new FixtureTree();
    for (const pci of ["0000:3b:00.0", "0000:86:00.0"]) tree.write(`sys/bus/pci/drivers/nvidia/${pci}/uevent`, "");
    tree.write("sys/bus/pci/devices/0000:86:00.0/power/runtime_status", "suspended\n");
    tree.write("proc/driver/nvidia/gpus/0000:86:00.0/information", "");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath, procPath: tree.procPath });
    const { values } = await probe.scrape();
    assert.deepEqual(Object.keys(values).sort(), [
      'gpu_info{gpu="0",vendor="nvidia",name="",uuid="",driver="",pci="0000:86:00.0"}',
      'gpu_suspended{gpu="0"}',
      'gpu_up{gpu="0"}',
    ]);
  });
});
