import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { unlessMissing } from "../../../../../tools/programs.mjs";
import { systemClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { NvmlChild } from "../gpu-nvml.ts";
import type { GpuOptions } from "./gpu.ts";
import { alive, GpuProbe, until } from "./gpu-reading.test-kit.ts";

const options = process.platform === "linux" ? unlessMissing("cc") : { skip: "NVML's fake is built for Linux" };

let home: FixtureTree;
let library: string;

/** Tells the fake what to do from its next round on: "lost 1", "hang 1" … */
function fake(...lines: readonly string[]): void {
  home.write("told.next", `${lines.join("\n")}\n`);
  renameSync(join(home.path, "told.next"), join(home.path, "told"));
}

const nvml = (more: GpuOptions = {}): GpuProbe => new GpuProbe({ nvidia: "nvml", library, ...more });

/** The helpers that we started: processes with that file in their command line. */
function helpers(): number[] {
  const children = readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  return children.filter((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("nvml-child"));
}

describe("gpu() with NVML", options, () => {
  before(() => {
    home = new FixtureTree();
    library = join(home.path, "libfake-nvml.so");
    const source = fileURLToPath(new URL("../../../fixtures/gpu/fake-nvml.c", import.meta.url));
    const { status, stderr } = spawnSync("cc", ["-shared", "-fPIC", "-o", library, source], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    process.env["FAKE_NVML"] = join(home.path, "told");
  });
  after(() => {
    delete process.env["FAKE_NVML"];
    home[Symbol.dispose]();
  });

  it("tells what NVML says in base units, under the names that nvidia-smi's values have", async () => {
    fake("xid 79");
    using processes = new FixtureTree();
    processes.write("proc/1000/cmdline", "/usr/bin/python3\0train.py\0");
    processes.write("proc/1001/cmdline", "/opt/venv/bin/python3\0serve.py\0");
    await using probe = nvml({ processes: { training: /train\.py/ }, procPath: processes.procPath });
    await probe.gpu.settled();
    const { values, ok, error } = await probe.scrape();
    assert.deepEqual([ok, error], [true, ""]);
    const GIB = 2 ** 30;
    const expected = {
      'gpu_info{gpu="1",vendor="nvidia",name="NVIDIA H100 80GB HBM3",uuid="GPU-1",driver="590.48.01",pci="0000:3c:00.0"}': 1,
      'gpu_up{gpu="0"}': 1,
      'gpu_up{gpu="1"}': 1,
      'gpu_utilization_ratio{gpu="0",engine="gpu"}': 0.42,
      'gpu_utilization_ratio{gpu="1",engine="gpu"}': 0.43,
      'gpu_utilization_ratio{gpu="0",engine="memory"}': 0.17,
      'gpu_utilization_ratio{gpu="0",engine="encoder"}': 0.05,
      'gpu_utilization_ratio{gpu="0",engine="decoder"}': undefined,
      'gpu_memory_total_bytes{gpu="0"}': 80 * GIB,
      'gpu_memory_reserved_bytes{gpu="0"}': GIB,
      'gpu_memory_used_bytes{gpu="0"}': 11 * GIB,
      'gpu_memory_free_bytes{gpu="0"}': 68 * GIB,
      'gpu_temperature_celsius{gpu="0",sensor="gpu"}': 61,
      'gpu_temperature_celsius{gpu="0",sensor="memory"}': 58,
      'gpu_power_watts{gpu="0"}': 312.345,
      'gpu_power_limit_watts{gpu="0"}': 700,
      'gpu_energy_joules_total{gpu="0"}': 5000000000.123,
      'gpu_clock_hertz{gpu="0",domain="graphics"}': 1000e6,
      'gpu_clock_hertz{gpu="0",domain="video"}': 1003e6,
      'gpu_clock_max_hertz{gpu="0",domain="memory"}': 2002e6,
      'gpu_fan_ratio{gpu="0"}': undefined,
      'gpu_performance_state{gpu="0"}': 2,
      'gpu_performance_state{gpu="1"}': undefined,
      'gpu_throttled{gpu="0",reason="hw_thermal_slowdown"}': 1,
      'gpu_throttled{gpu="0",reason="sync_boost"}': 0,
      'gpu_throttled_seconds_total{gpu="0",reason="sw_power_cap"}': 74,
      'gpu_throttled_seconds_total{gpu="0",reason="thermal"}': 75,
      'gpu_throttled_seconds_total{gpu="0",reason="reliability"}': 2.5,
      'gpu_ecc_errors_total{gpu="0",type="corrected",scope="volatile"}': 1,
      'gpu_ecc_errors_total{gpu="0",type="corrected",scope="aggregate"}': 2,
      'gpu_ecc_errors_total{gpu="0",type="uncorrected",scope="aggregate"}': 4,
      'gpu_retired_pages{gpu="0",cause="corrected"}': undefined,
      'gpu_remapped_rows{gpu="0",cause="uncorrected"}': 143e9,
      'gpu_remap_failed{gpu="0"}': 0,
      'gpu_nvlink_received_bytes_total{gpu="0"}': 139 * 1024,
      'gpu_pcie_generation{gpu="0"}': 5,
      'gpu_pcie_lanes{gpu="0"}': 16,
      'gpu_pcie_lanes_max{gpu="0"}': undefined,
      'gpu_pcie_replays_total{gpu="0"}': 7,
      'gpu_pcie_received_bytes_per_second{gpu="0"}': undefined,
      'gpu_mig_enabled{gpu="0"}': 0,
      'gpu_xid_errors_total{gpu="1",xid="79"}': 2,
      'gpu_processes{gpu="0",group="training"}': 1,
      'gpu_processes{gpu="0",group="other"}': 2,
      'gpu_process_memory_bytes{gpu="0",group="training"}': GIB,
      // Process 1002 computes and draws: it counts once.
      'gpu_process_memory_bytes{gpu="0",group="other"}': 5 * GIB,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((series) => [series, values[series]])), expected);
  });

  it("tells instances of a divided GPU, and the memory that they share once", async () => {
    fake("mig 1");
    await using probe = nvml();
    await probe.gpu.settled();
    const { values } = await probe.scrape();
    const mig = Object.entries(values).filter(([series]) => series.startsWith("gpu_mig_") && series.includes('gpu="0"'));
    const info = (gi: number, ci: number, uuid: string): string =>
      `gpu_mig_info{gpu="0",gpu_instance="${gi}",compute_instance="${ci}",uuid="${uuid}",name="NVIDIA H100 80GB HBM3 MIG 3g.40gb"}`;
    assert.deepEqual(Object.fromEntries(mig), {
      'gpu_mig_enabled{gpu="0"}': 1,
      [info(1, 0, "MIG-0-0")]: 1,
      [info(1, 1, "MIG-0-1")]: 1,
      [info(2, 0, "MIG-0-2")]: 1,
      'gpu_mig_memory_total_bytes{gpu="0",gpu_instance="1"}': 40 * 2 ** 30,
      'gpu_mig_memory_total_bytes{gpu="0",gpu_instance="2"}': 40 * 2 ** 30,
      'gpu_mig_memory_used_bytes{gpu="0",gpu_instance="1"}': 11 * 2 ** 30,
      'gpu_mig_memory_used_bytes{gpu="0",gpu_instance="2"}': 11 * 2 ** 30,
    });
    assert.equal(values['gpu_utilization_ratio{gpu="0",engine="gpu"}'], undefined);
  });

  it("tells how busy the parts of a divided GPU were between two rounds, apart from the GPU's own values", async () => {
    fake("mig 1", "gpm 1");
    await using probe = nvml({ every: "250ms" });
    await probe.gpu.settled();
    const busy = (values: Readonly<Record<string, number>>): [string, number][] =>
      Object.entries(values).filter(([series]) => /^gpu_(mig_)?utilization/.test(series) && series.includes('gpu="0"'));
    assert.deepEqual(
      busy((await probe.scrape()).values).filter(([series]) => series.startsWith("gpu_mig")),
      [],
      "there is nothing to compare with yet",
    );
    const { values } = await probe.until(({ values }) => values['gpu_mig_utilization_ratio{gpu="0",gpu_instance="1",engine="gpu"}'] !== undefined);
    const expected = [1, 2].flatMap((instance) =>
      [
        ["gpu", 10],
        ["sm", 20],
        ["tensor", 50],
      ].map(([engine, percent]) => [
        `gpu_mig_utilization_ratio{gpu="0",gpu_instance="${instance}",engine="${engine}"}`,
        (Number(percent) + instance) / 100,
      ]),
    );
    assert.deepEqual(
      busy(values).filter(([series]) => !/encoder/.test(series)),
      expected,
    );
    // Samples that are not given back run out: the fake has 8.
    const start = performance.now();
    const later = await probe.until(() => performance.now() - start > 2000);
    assert.equal(later.values['gpu_mig_utilization_ratio{gpu="0",gpu_instance="2",engine="sm"}'], 0.22);
  });

  it("tells memory but no utilisation of instances that it may not sample", async () => {
    fake("mig 1", "gpm 2");
    await using probe = nvml({ every: "250ms" });
    await probe.gpu.settled();
    const start = performance.now();
    const { ok, values } = await probe.until(() => performance.now() - start > 800);
    assert.deepEqual([ok, values['gpu_mig_memory_used_bytes{gpu="0",gpu_instance="1"}']], [true, 11 * 2 ** 30]);
    assert.deepEqual(
      Object.keys(values).filter((series) => series.startsWith("gpu_mig_utilization")),
      [],
    );
  });

  it("finds the processes of a divided GPU at its parts, where the GPU itself does not tell them", async () => {
    fake("mig 1", "private 1", "count 1");
    await using probe = nvml({ processes: { all: /./ } });
    await probe.gpu.settled();
    const { values } = await probe.scrape();
    assert.deepEqual(
      [values['gpu_processes{gpu="0",group="other"}'], values['gpu_process_memory_bytes{gpu="0",group="other"}']],
      [3, (1 + 2 + 3) * 2 ** 30],
    );
  });

  it("measures what goes over PCIe when it is told to", async () => {
    fake("count 1");
    await using probe = nvml({ pcieThroughput: true });
    await probe.gpu.settled();
    const { values } = await probe.scrape();
    assert.equal(values['gpu_pcie_transmitted_bytes_per_second{gpu="0"}'], 1_200_000);
    assert.equal(values['gpu_pcie_received_bytes_per_second{gpu="0"}'], 2_500_000);
  });

  it("goes on with all others when one GPU will not be watched for errors, or the wait for them fails", async () => {
    fake("count 2", "mute 1");
    await using probe = nvml();
    await probe.gpu.settled();
    const { ok, values } = await probe.scrape();
    assert.deepEqual([ok, values['gpu_up{gpu="0"}'], values['gpu_up{gpu="1"}']], [true, 1, 1]);
  });

  it("says of a GPU that needs a reset that it does", async () => {
    fake("reset 1");
    await using probe = nvml();
    const { error } = await probe.until(({ ok }) => !ok);
    assert.match(error, /GPU 1 \(NVIDIA H100 80GB HBM3\) does not answer: it needs a reset/);
  });

  it("loads the library from the next place that has it, and says why it cannot be loaded where there is a GPU", async () => {
    fake("count 1");
    const options = { clock: systemClock, everyMs: 100, idleMs: 60_000, procPath: "/nowhere" };
    const found = new NvmlChild({ ...options, libraries: ["libno-such-nvml.so.1", library], sysPath: "/nowhere" });
    await until(() => found.read().length === 1);
    found.close();
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("dev/nvidiactl", "");
    const none = new NvmlChild({ ...options, libraries: ["libno-such-nvml.so.1"], sysPath: tree.sysPath, devPath: `${tree.path}/dev` });
    await none.settled();
    assert.match(none.failure, /libno-such-nvml\.so\.1 cannot be loaded: .*cannot open shared object file: No such file/);
    none.close();
  });

  it("makes do with the functions of an old library", async () => {
    fake("old 1");
    await using probe = nvml();
    await probe.gpu.settled();
    const { values, ok } = await probe.scrape();
    assert.deepEqual(
      [
        ok,
        values['gpu_memory_used_bytes{gpu="0"}'],
        values['gpu_memory_reserved_bytes{gpu="0"}'],
        values['gpu_temperature_celsius{gpu="0",sensor="gpu"}'],
      ],
      [true, 12 * 2 ** 30, undefined, 59],
    );
  });

  it("says that a GPU is lost, and goes on with the others", async () => {
    fake("count 2");
    await using probe = nvml();
    await probe.until(({ values }) => values['gpu_up{gpu="1"}'] === 1);
    fake("lost 1");
    const { values, error } = await probe.until(({ values }) => values['gpu_up{gpu="1"}'] === 0);
    assert.match(error, /GPU 1 \(NVIDIA H100 80GB HBM3\) does not answer: it has fallen off the bus/);
    assert.equal(values['gpu_utilization_ratio{gpu="0",engine="gpu"}'], 0.42);
    assert.equal(values['gpu_memory_used_bytes{gpu="1"}'], undefined);
  });

  it("tells of a GPU that is lost from the beginning, and of one that it may not ask", async () => {
    fake("count 3", "lost 1", "denied 2");
    await using probe = nvml();
    await probe.gpu.settled();
    const { values, error } = await probe.scrape();
    assert.deepEqual([values['gpu_up{gpu="0"}'], values['gpu_up{gpu="1"}'], values['gpu_up{gpu="2"}']], [1, 0, undefined]);
    assert.match(error, /permission denied for 1 GPU/);
  });

  it("survives a driver that crashes: another helper goes on, and what was counted stays", async () => {
    fake("xid 31");
    await using probe = nvml();
    const xids = 'gpu_xid_errors_total{gpu="1",xid="31"}';
    await probe.until(({ values }) => values[xids] === 2);
    fake("crash 11", "xid 31");
    const { values } = await probe.until(({ error }) => /the NVML helper ended with SIGSEGV/.test(error));
    assert.equal(values['gpu_source_failures_total{source="nvml"}'], 1);
    assert.equal(values['gpu_up{gpu="0"}'], 1, "its last values are not too old yet");
    fake("xid 31");
    await probe.until(({ ok, values }) => ok && values[xids] === 4);
  });

  it("kills a helper whose driver hangs, and says so", async () => {
    fake("count 1");
    const helper = new NvmlChild({
      clock: systemClock,
      libraries: [library],
      everyMs: 100,
      idleMs: 60_000,
      sysPath: "/nowhere",
      procPath: "/nowhere",
      graceMs: 1500,
    });
    await until(() => helper.read().length === 1);
    const [pid] = helpers();
    fake("hang 1");
    await until(() => /NVML did not answer for 1\.6 s/.test(helper.failure) && helper.read().length >= 0);
    assert.equal(alive(pid!), false);
    await until(() => helper.read()[0]?.condition === "lost");
    fake("count 1");
    await until(() => helper.read()[0]?.condition === "up");
    assert.equal(helper.failure, "");
    helper.close();
  });

  const nothing: readonly (readonly [string, readonly string[], GpuOptions, RegExp])[] = [
    ["no library", [], { library: "libno-such-nvml.so.1" }, /^no GPU was found \(libno-such-nvml\.so\.1 cannot be loaded: .*No such file/],
    ["no driver", ["init 9"], {}, /^no GPU was found \(NVML: the driver is not loaded\)$/],
    ["no GPU", ["count 0"], {}, /^no GPU was found$/],
  ];
  for (const [what, told, more, message] of nothing) {
    it(`takes ${what} for a machine without a GPU: no failure, unless one is required`, async () => {
      fake(...told);
      await using probe = nvml({ required: true, ...more });
      await probe.gpu.settled();
      const { values, error } = await probe.scrape();
      assert.deepEqual(values, {});
      assert.match(error, message);
      await using lenient = nvml(more);
      await lenient.gpu.settled();
      assert.equal((await lenient.scrape()).ok, true);
    });
  }

  it("shows why NVML cannot be used", async () => {
    fake("init 18");
    await using probe = nvml();
    const { error } = await probe.until(({ ok }) => !ok);
    assert.match(error, /NVML: the driver's library and its kernel module have different versions; restart/);
  });

  it("does not open NVML while a GPU sleeps, and lets go of it after each round where one may sleep", async () => {
    fake("count 1");
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/runtime_status", "suspended\n");
    await using probe = nvml({ sysPath: tree.sysPath });
    const asleep = await probe.scrape();
    assert.deepEqual([asleep.ok, asleep.values['gpu_suspended{gpu="0"}'], helpers()], [true, 1, []]);
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/runtime_status", "active\n");
    await probe.until(({ values }) => values['gpu_utilization_ratio{gpu="0",engine="gpu"}'] === 0.42);
    await until(() => helpers().length === 0);
    const { ok, values } = await probe.scrape();
    assert.deepEqual([ok, values['gpu_source_failures_total{source="nvml"}']], [true, undefined]);
  });

  it("leaves no helper behind when the process is killed", async () => {
    fake("count 1");
    const code = `
      import { Registry } from ${JSON.stringify(new URL("../../core/registry.js", import.meta.url).href)};
      import { gpu } from ${JSON.stringify(new URL("./gpu.js", import.meta.url).href)};
      import { readFileSync } from "node:fs";
      const registry = new Registry();
      const collector = gpu({ nvidia: "nvml", library: ${JSON.stringify(library)}, sysPath: "/nowhere" });
      registry.register(collector);
      await collector.settled();
      console.log(readFileSync("/proc/self/task/" + process.pid + "/children", "utf8"));
      process.kill(process.pid, "SIGKILL");
    `;
    const { signal, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
    assert.equal(signal, "SIGKILL");
    assert.ok(Number(stdout) > 1);
    await until(() => !alive(Number(stdout)));
  });

  it("ends the helper when it is closed or its parent is gone, and keeps no process alive, not even while the driver hangs", async () => {
    fake("count 1");
    const probe = nvml();
    await probe.gpu.settled();
    const [pid] = helpers();
    await probe.registry.close();
    await until(() => !alive(pid!));
    fake("hang 1");
    const code = `
      import { Registry } from ${JSON.stringify(new URL("../../core/registry.js", import.meta.url).href)};
      import { gpu } from ${JSON.stringify(new URL("./gpu.js", import.meta.url).href)};
      import { readFileSync } from "node:fs";
      const registry = new Registry();
      registry.register(gpu({ nvidia: "nvml", library: ${JSON.stringify(library)}, sysPath: "/nowhere" }));
      await registry.collect();
      const start = performance.now();
      const watch = setInterval(() => {
        if (performance.now() - start < 700) return; // the helper is in the call that hangs
        clearInterval(watch);
        console.log(readFileSync("/proc/self/task/" + process.pid + "/children", "utf8"));
        console.log(performance.now());
      }, 20);
      process.on("exit", () => console.log(performance.now()));
    `;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
    assert.equal(status, 0);
    const [child = 0, done = 0, exit = Number.POSITIVE_INFINITY] = stdout.trim().split(/\s+/).map(Number);
    assert.ok(exit - done < 2000, `took ${exit - done} ms to exit`);
    await until(() => !alive(child));
  });
});
