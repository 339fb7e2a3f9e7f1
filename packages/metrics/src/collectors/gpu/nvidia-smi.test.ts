import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { type FakeMachine, FakeNvidiaSmi } from "./fake-nvidia-smi.test-kit.ts";
import { alive, GpuProbe, until } from "./gpu-reading.test-kit.ts";
import { NvidiaSmi } from "./nvidia-smi.ts";
import { cellNumber } from "./nvidia-smi-query.ts";

const posix = process.platform === "win32" ? { skip: "the fake is a script" } : {};
const pair = FakeNvidiaSmi.machine("h100-pair");
const UP_0 = 'gpu_up{gpu="0"}';
const UP_1 = 'gpu_up{gpu="1"}';
const BUSY_0 = 'gpu_utilization_ratio{gpu="0",engine="gpu"}';

/** The GPU with other values. */
const changed = (machine: FakeMachine, values: Readonly<Record<string, string>>): FakeMachine => ({
  ...machine,
  gpus: machine.gpus.map((gpu, k) => (k === 0 ? { ...gpu, ...values } : gpu)),
});

describe("gpu() with nvidia-smi", posix, () => {
  it("tells what nvidia-smi says in base units", async () => {
    using smi = new FakeNvidiaSmi(pair);
    await using probe = new GpuProbe({ command: smi.command });
    await probe.gpu.settled();
    const { values, ok } = await probe.scrape();
    assert.equal(ok, true);
    const info =
      'gpu_info{gpu="0",vendor="nvidia",name="NVIDIA H100 80GB HBM3",uuid="GPU-6a1f0c2e-0000-4000-8000-000000000001",driver="590.48.01",pci="0000:3b:00.0"}';
    const expected = {
      [info]: 1,
      [UP_0]: 1,
      [UP_1]: 1,
      'gpu_suspended{gpu="0"}': 0,
      [BUSY_0]: 0.42,
      'gpu_utilization_ratio{gpu="1",engine="gpu"}': 0.07,
      'gpu_utilization_ratio{gpu="0",engine="decoder"}': 0.03,
      'gpu_memory_total_bytes{gpu="0"}': 81559 * 2 ** 20,
      'gpu_memory_used_bytes{gpu="0"}': 11773 * 2 ** 20,
      'gpu_memory_free_bytes{gpu="0"}': 69186 * 2 ** 20,
      'gpu_memory_reserved_bytes{gpu="0"}': 600 * 2 ** 20,
      'gpu_temperature_celsius{gpu="0",sensor="memory"}': 58,
      'gpu_power_watts{gpu="0"}': 312.34,
      'gpu_power_limit_watts{gpu="0"}': 700,
      'gpu_clock_hertz{gpu="0",domain="memory"}': 2619e6,
      'gpu_clock_max_hertz{gpu="0",domain="sm"}': 1980e6,
      'gpu_performance_state{gpu="0"}': 0,
      'gpu_throttled{gpu="0",reason="sw_power_cap"}': 1,
      'gpu_throttled{gpu="0",reason="hw_thermal_slowdown"}': 1,
      'gpu_throttled{gpu="0",reason="hw_slowdown"}': 0,
      'gpu_throttled_seconds_total{gpu="0",reason="hw_thermal_slowdown"}': 1.5,
      'gpu_ecc_errors_total{gpu="0",type="uncorrected",scope="aggregate"}': 1,
      'gpu_pcie_generation{gpu="0"}': 5,
      'gpu_pcie_lanes{gpu="0"}': 16,
      'gpu_mig_enabled{gpu="0"}': 0,
    };
    assert.deepEqual(Object.fromEntries(Object.keys(expected).map((series) => [series, values[series]])), expected);
    assert.deepEqual(
      Object.keys(values).filter((series) => /fan|retired/.test(series)),
      [],
      "what is not available is absent, not 0",
    );
  });

  it("starts nothing before somebody scrapes, and one program for many scrapes", async () => {
    using smi = new FakeNvidiaSmi(pair);
    await using probe = new GpuProbe({ command: smi.command });
    assert.deepEqual(smi.calls, []);
    const first = await probe.scrape();
    assert.deepEqual(first.values, {}, "a scrape does not wait");
    assert.equal(first.ok, true);
    await probe.until(({ values }) => values[BUSY_0] === 0.42);
    smi.set(changed(pair, { "utilization.gpu": "99" }));
    const later = await probe.until(({ values }) => values[BUSY_0] === 0.99);
    assert.ok(later.values['gpu_reading_age_seconds{gpu="0"}']! < 10);
    assert.equal(smi.calls.length, 1);
    assert.match(smi.calls[0]!, /--format=csv,noheader,nounits --loop-ms=100$/);
  });

  it("leaves out what an old driver does not know, or asks by the old name, and takes no word for a number", async () => {
    using smi = new FakeNvidiaSmi(FakeNvidiaSmi.machine("old-driver"));
    await using probe = new GpuProbe({ command: smi.command });
    const { values, ok } = await probe.until(({ values }) => values[UP_0] === 1);
    assert.equal(ok, true);
    assert.equal(values[BUSY_0], 1);
    assert.equal(values['gpu_throttled{gpu="0",reason="hw_slowdown"}'], 0);
    assert.equal(values['gpu_fan_ratio{gpu="0"}'], 0.27);
    assert.equal(values['gpu_performance_state{gpu="0"}'], 8);
    assert.deepEqual(
      Object.keys(values).filter((series) => /gpu_power|ecc|mig|reserved|engine="(memory|encoder)"|sensor="memory"|throttled_seconds/.test(series)),
      [],
    );
    assert.equal(values['gpu_source_failures_total{source="nvidia-smi"}'], undefined, "a refused field is no failure");
  });

  it("asks an old driver for its list of fields once, instead of hearing one refusal after the other", async () => {
    const old = FakeNvidiaSmi.machine("old-driver");
    // As it stands in the list: a name, perhaps "or" another, and an explanation below.
    const help = Object.keys(old.gpus[0]!).map((name) => `"${name}" or "${name}.alias"\nSays "0: Default" or so.\n\n`);
    using smi = new FakeNvidiaSmi({ ...old, help: `List of valid properties to query:\n\n${help.join("")}` });
    await using probe = new GpuProbe({ command: smi.command });
    const { values } = await probe.until(({ values }) => values[UP_0] === 1);
    assert.deepEqual([values[BUSY_0], values['gpu_throttled{gpu="0",reason="hw_slowdown"}']], [1, 0]);
    assert.deepEqual(
      smi.calls.map((call) => call.split("=")[0]),
      ["--query-gpu", "--help-query-gpu", "--query-gpu"],
    );
  });

  it("still knows which GPU is which when a field of its identity has another name, or none", async () => {
    const renamed = pair.gpus.map(({ driver_version: driver = "", name: _, ...gpu }) => ({ ...gpu, kmd_version: driver }));
    using smi = new FakeNvidiaSmi({ gpus: renamed });
    await using probe = new GpuProbe({ command: smi.command });
    const { values } = await probe.until(({ values }) => values[UP_1] === 1);
    const info = 'gpu_info{gpu="0",vendor="nvidia",name="",uuid="GPU-6a1f0c2e-0000-4000-8000-000000000001",driver="590.48.01",pci="0000:3b:00.0"}';
    assert.deepEqual([values[info], values[BUSY_0], values['gpu_memory_used_bytes{gpu="0"}']], [1, 0.42, 11773 * 2 ** 20]);
  });

  it("tells what has to be done so that a GPU is healthy again", async () => {
    const ill = { gpu_recovery_action: "Drain and Reset", "remapped_rows.uncorrectable": "2", "remapped_rows.pending": "Yes" };
    using smi = new FakeNvidiaSmi({ gpus: [{ ...pair.gpus[0]!, ...ill, "remapped_rows.failure": "No" }] });
    await using probe = new GpuProbe({ command: smi.command });
    const { values } = await probe.until(({ values }) => values[UP_0] === 1);
    assert.deepEqual(
      ["gpu_reset", "node_reboot", "drain_and_reset"].map((action) => values[`gpu_recovery_needed{gpu="0",action="${action}"}`]),
      [0, 0, 1],
    );
    assert.deepEqual(
      [
        values['gpu_remapped_rows{gpu="0",cause="uncorrected"}'],
        values['gpu_remap_pending{gpu="0"}'],
        values['gpu_remap_failed{gpu="0"}'],
        values['gpu_remapped_rows{gpu="0",cause="corrected"}'],
      ],
      [2, 1, 0, 0],
    );
  });

  for (const token of ["N/A", "[N/A]", "[Not Supported]", "[Insufficient Permissions]", "[Unknown Error]", "[GPU is lost]", "", "-", "0x10", "1e3"]) {
    it(`takes ${JSON.stringify(token)} for no number`, () => assert.equal(cellNumber(token), Number.NaN));
  }

  it("says that a GPU is lost, and goes on with the others", async () => {
    using smi = new FakeNvidiaSmi(pair);
    await using probe = new GpuProbe({ command: smi.command });
    await probe.until(({ values }) => values[UP_1] === 1);
    smi.set({ ...pair, lost: ["0000:86:00.0"] });
    await probe.until(({ values }) => values[UP_1] === 0);
    const { values, ok, error } = await probe.until(() => smi.calls.at(-1)!.endsWith("--id=0000:3b:00.0"));
    assert.equal(ok, false);
    assert.match(error, /GPU 1 \(NVIDIA H100 80GB HBM3\) does not answer: GPU is lost\. Reboot the system to recover this GPU/);
    assert.equal(values[UP_0], 1);
    assert.deepEqual(
      Object.keys(values)
        .filter((series) => series.includes('gpu="1"'))
        .map((series) => series.slice(0, series.indexOf("{"))),
      ["gpu_info", "gpu_up", "gpu_suspended"],
      "only what it is, and that it does not answer",
    );
    smi.set(changed({ ...pair, lost: ["0000:86:00.0"] }, { "utilization.gpu": "11" }));
    await probe.until(({ values }) => values[BUSY_0] === 0.11);
  });

  it("takes no GPU for lost of which nvidia-smi knows nothing but the name, and tells a Jetson's once", async () => {
    const nothing = Object.fromEntries(Object.keys(pair.gpus[0]!).map((field) => [field, "[N/A]"]));
    using smi = new FakeNvidiaSmi({ gpus: [{ ...nothing, index: "0", name: "Orin (nvgpu)", driver_version: "540.4.0" }] });
    await using alone = new GpuProbe({ command: smi.command });
    const { ok, values } = await alone.until(({ values }) => values[UP_0] !== undefined);
    assert.deepEqual([ok, values[UP_0], Object.keys(values).length], [true, 1, 4]);
    using tree = new FixtureTree();
    const [device, devfreq] = ["sys/devices/platform/17000000.gpu", "sys/class/devfreq/17000000.gpu"];
    tree.write(`${device}/of_node/name`, "gpu\0");
    tree.write(`${device}/of_node/compatible`, "nvidia,ga10b\0");
    tree.write(`${device}/load`, "500\n");
    tree.write(`${devfreq}/cur_freq`, "306000000\n");
    tree.link(`${devfreq}/device`, "../../../devices/platform/17000000.gpu");
    await using both = new GpuProbe({ command: smi.command, sysPath: tree.sysPath });
    await both.gpu.settled();
    const told = (await both.scrape()).values;
    assert.deepEqual([told['gpu_utilization_ratio{gpu="17000000.gpu",engine="gpu"}'], told[UP_0]], [0.5, undefined]);
  });

  it("takes a GPU for lost whose every value is an error", async () => {
    const errors = Object.fromEntries(Object.keys(pair.gpus[0]!).map((field) => [field, "[Unknown Error]"]));
    const { index = "", uuid = "", name = "", "pci.bus_id": bus = "" } = pair.gpus[0]!;
    using smi = new FakeNvidiaSmi({ gpus: [{ ...errors, index, uuid, name, "pci.bus_id": bus }] });
    await using probe = new GpuProbe({ command: smi.command });
    const { values, error } = await probe.until(({ values }) => values[UP_0] !== undefined);
    assert.equal(values[UP_0], 0);
    assert.match(error, /does not answer: Unknown Error/);
  });

  for (const words of ["GPU is lost", "GPU requires reset"]) {
    it(`marks a GPU as lost whose cells say ${JSON.stringify(words)}`, async () => {
      using smi = new FakeNvidiaSmi(changed(pair, { "utilization.gpu": `[${words}]`, "memory.used": `[${words}]` }));
      await using probe = new GpuProbe({ command: smi.command });
      const { values, error } = await probe.until(({ values }) => values[UP_0] !== undefined);
      assert.deepEqual([values[UP_0], values[UP_1], values['gpu_memory_total_bytes{gpu="0"}']], [0, 1, undefined]);
      assert.ok(error.endsWith(`does not answer: ${words}`), error);
    });
  }

  it("starts again when the program dies, and counts that", async () => {
    using smi = new FakeNvidiaSmi(pair);
    await using probe = new GpuProbe({ command: smi.command });
    await probe.until(({ values }) => values[UP_0] === 1);
    process.kill(smi.pids[0]!, "SIGKILL");
    const { values, error } = await probe.until(({ ok }) => !ok);
    assert.match(error, /nvidia-smi ended with SIGKILL/);
    assert.equal(values['gpu_source_failures_total{source="nvidia-smi"}'], 1);
    assert.equal(values[BUSY_0], 0.42, "the last values, until they are too old");
    await probe.until(({ ok }) => ok);
    assert.equal(smi.pids.length, 2);
  });

  it("takes garbage for no GPU, and shows it", async () => {
    using smi = new FakeNvidiaSmi({ ...pair, words: "Segmentation fault, maybe\n\u0000\u0001,,,,\n1, 2, 3", exit: 139 });
    await using probe = new GpuProbe({ command: smi.command });
    const { values, error } = await probe.until(({ ok }) => !ok);
    assert.match(error, /nvidia-smi ended with 139: Segmentation fault, maybe; .*; 1, 2, 3$/s);
    assert.deepEqual(Object.keys(values), ['gpu_source_failures_total{source="nvidia-smi"}']);
  });

  it("shows that permission is denied", async () => {
    using smi = new FakeNvidiaSmi({ ...pair, words: "Failed to initialize NVML: Insufficient Permissions", exit: 4 });
    await using probe = new GpuProbe({ command: smi.command });
    const { error } = await probe.until(({ ok }) => !ok);
    assert.match(
      error,
      /^nvidia-smi: permission denied; this user needs access to \/dev\/nvidia\* \(Failed to initialize NVML: Insufficient Permissions\)$/,
    );
  });

  const broken: readonly (readonly [string, string, number, RegExp])[] = [
    [
      "the driver was updated under it",
      "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 535.183",
      18,
      /^nvidia-smi: the driver was updated, .* restart the machine \(Failed .* Driver\/library version mismatch; NVML library version: 535\.183\)$/,
    ],
    [
      "its container lost the GPU",
      "Failed to initialize NVML: Unknown Error",
      255,
      /^nvidia-smi: a container loses its GPUs .*; restart it \(Failed to initialize NVML: Unknown Error\)$/,
    ],
  ];
  for (const [what, words, exit, message] of broken) {
    it(`says what helps when ${what}`, async () => {
      using smi = new FakeNvidiaSmi({ ...pair, words, exit });
      await using probe = new GpuProbe({ command: smi.command });
      assert.match((await probe.until(({ ok }) => !ok)).error, message);
    });
  }

  it("looks for the program where WSL and others have it when it is not on PATH", async () => {
    using smi = new FakeNvidiaSmi(pair);
    const options = { clock: systemClock, everyMs: 100, idleMs: 60_000, sysPath: "/nowhere", procPath: "/nowhere" };
    const source = new NvidiaSmi({ ...options, commands: ["no-such-nvidia-smi", smi.command] });
    await until(() => source.read().length === 2);
    assert.equal(source.failures, 0);
    source.close();
    const none = new NvidiaSmi({ ...options, commands: ["no-such-nvidia-smi", "/nowhere/nvidia-smi"] });
    await none.settled();
    assert.deepEqual([none.tried, none.failure], [true, ""]);
    none.close();
  });

  const missing: readonly (readonly [string, (smi: FakeNvidiaSmi) => string, Partial<FakeMachine>, string])[] = [
    ["no nvidia-smi", () => "no-such-nvidia-smi", {}, "no-such-nvidia-smi was not found"],
    [
      "no driver",
      ({ command }) => command,
      { words: "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver.", exit: 9 },
      "nvidia-smi: NVIDIA-SMI has failed",
    ],
    ["no GPU", ({ command }) => command, { words: "No devices were found", exit: 6 }, "nvidia-smi: No devices were found"],
  ];
  for (const [what, command, machine, why] of missing) {
    it(`takes ${what} for a machine without a GPU: no failure, unless one is required`, async () => {
      using smi = new FakeNvidiaSmi({ ...pair, ...machine });
      await using probe = new GpuProbe({ command: command(smi) });
      await probe.gpu.settled();
      assert.deepEqual([(await probe.scrape()).ok, (await probe.scrape()).values], [true, {}]);
      await using strict = new GpuProbe({ command: command(smi), required: true });
      await strict.gpu.settled();
      assert.ok((await strict.scrape()).error.startsWith(`no GPU was found (${why}`), (await strict.scrape()).error);
      assert.equal(strict.registry.collectorStates()[0]!.required, true);
    });
  }

  for (const [where, device, message] of [
    ["a machine whose driver is loaded", true, "no-such-nvidia-smi was not found"],
    ["a container that was given none of the machine's GPUs", false, ""],
  ] as const) {
    it(`calls it ${message === "" ? "no failure" : "a failure"} that nvidia-smi is not there in ${where}`, async () => {
      using tree = new FixtureTree();
      tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
      tree.write(`dev/${device ? "nvidiactl" : "null"}`, "");
      const paths = { sysPath: tree.sysPath, procPath: tree.procPath, devPath: `${tree.path}/dev` };
      const source = new NvidiaSmi({ clock: systemClock, everyMs: 100, idleMs: 60_000, ...paths, commands: ["no-such-nvidia-smi"] });
      await source.settled();
      assert.equal(source.failure, message);
      source.close();
    });
  }

  it("takes a warning about a board's own memory for no failure", async () => {
    using smi = new FakeNvidiaSmi({ gpus: [pair.gpus[0]!], warning: 14 });
    using tree = new FixtureTree();
    tree.write("sys/bus/pci/drivers/nvidia/0000:3b:00.0/uevent", "");
    tree.write("sys/bus/pci/devices/0000:3b:00.0/power/control", "auto\n");
    await using probe = new GpuProbe({ command: smi.command, sysPath: tree.sysPath });
    await probe.until(({ values }) => values[BUSY_0] === 0.42);
    await until(() => !alive(smi.pids.at(-1)!));
    const { ok, values } = await probe.until(() => smi.pids.length > 2);
    assert.deepEqual([ok, values['gpu_source_failures_total{source="nvidia-smi"}']], [true, undefined]);
  });

  it("ends the program when nobody has scraped for long, and starts it again for the next", async () => {
    using smi = new FakeNvidiaSmi(pair);
    await using probe = new GpuProbe({ command: smi.command, idle: "300ms" });
    await probe.until(({ values }) => values[UP_0] === 1);
    await until(() => !alive(smi.pids[0]!));
    const { ok, values } = await probe.until(() => smi.pids.length === 2);
    assert.equal(ok, true);
    assert.equal(values['gpu_source_failures_total{source="nvidia-smi"}'], undefined, "that was no failure");
  });

  it("ends the program when it is closed, and leaves no zombie", async () => {
    using smi = new FakeNvidiaSmi(pair);
    const probe = new GpuProbe({ command: smi.command });
    await probe.until(({ values }) => values[UP_0] === 1);
    await probe.registry.close();
    await until(() => !alive(smi.pids[0]!));
    if (process.platform === "linux")
      assert.deepEqual(
        childrenOf(process.pid).filter((pid) => smi.pids.includes(pid)),
        [],
      );
  });

  for (const [what, machine] of [
    ["works", pair],
    ["hangs", { ...pair, silent: true }],
  ] as const) {
    it(`keeps no process alive whose nvidia-smi ${what}`, async () => {
      using smi = new FakeNvidiaSmi(machine);
      const code = `
        import { existsSync } from "node:fs";
        import { Registry } from ${JSON.stringify(new URL("../../core/registry.js", import.meta.url).href)};
        import { gpu } from ${JSON.stringify(new URL("./gpu.js", import.meta.url).href)};
        const registry = new Registry();
        registry.register(gpu({ command: ${JSON.stringify(smi.command)} }));
        await registry.collect();
        const watch = setInterval(() => {
          if (!existsSync(${JSON.stringify(`${smi.tree.path}/pids`)})) return;
          clearInterval(watch); // nothing is left to do: the process may end
          console.log(performance.now());
        }, 5);
        process.on("exit", () => console.log(performance.now()));
      `;
      const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
      assert.equal(status, 0);
      const [done = 0, exit = Number.POSITIVE_INFINITY] = stdout.trim().split("\n").map(Number);
      assert.ok(exit - done < 2000, `took ${exit - done} ms to exit`);
      await until(() => !alive(smi.pids[0]!));
    });
  }
});

/** Children of a process, zombies among them. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}
