import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { ManualClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { GpuProbe } from "./gpu-reading.test-kit.ts";
import { IntelCard } from "./intel-card.ts";
import { SysfsCards } from "./sysfs-cards.ts";

const linux = process.platform === "linux" ? {} : { skip: "needs /proc/uptime and a shell" };
const AMD = "sys/devices/pci0000:00/0000:03:00.0";
const INTEL = "sys/devices/pci0000:00/0000:00:02.0";

const probe = (tree: FixtureTree, more = {}): GpuProbe => new GpuProbe({ nvidia: false, sysPath: tree.sysPath, procPath: tree.procPath, ...more });

/** The series of one GPU. */
const of = (values: Readonly<Record<string, number>>, gpu: string): Record<string, number> =>
  Object.fromEntries(Object.entries(values).filter(([series]) => series.includes(`gpu="${gpu}"`) && !series.includes("_age_")));

describe("gpu() with AMD and Intel", linux, () => {
  it("tells an AMD card from the driver's files, at the first scrape", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values, ok } = await gpus.scrape();
    assert.equal(ok, true);
    assert.deepEqual(of(values, "card1"), {
      'gpu_info{gpu="card1",vendor="amd",name="AMD 744c",uuid="5f3a9c1b7d2e4f60",driver="amdgpu",pci="0000:03:00.0"}': 1,
      'gpu_up{gpu="card1"}': 1,
      'gpu_suspended{gpu="card1"}': 0,
      'gpu_utilization_ratio{gpu="card1",engine="gpu"}': 0.37,
      'gpu_utilization_ratio{gpu="card1",engine="memory"}': 0.12,
      'gpu_memory_total_bytes{gpu="card1"}': 25753026560,
      'gpu_memory_used_bytes{gpu="card1"}': 1879048192,
      'gpu_host_memory_total_bytes{gpu="card1"}': 33554432000,
      'gpu_host_memory_used_bytes{gpu="card1"}': 104857600,
      'gpu_clock_max_hertz{gpu="card1",domain="graphics"}': 2526e6,
      'gpu_pcie_replays_total{gpu="card1"}': 4,
      'gpu_pcie_generation{gpu="card1"}': 4,
      'gpu_pcie_generation_max{gpu="card1"}': 4,
      'gpu_pcie_lanes{gpu="card1"}': 16,
      'gpu_ecc_errors_total{gpu="card1",type="uncorrected",scope="volatile"}': 1,
      'gpu_ecc_errors_total{gpu="card1",type="corrected",scope="volatile"}': 7,
      'gpu_temperature_celsius{gpu="card1",sensor="edge"}': 54,
      'gpu_temperature_celsius{gpu="card1",sensor="junction"}': 67,
      'gpu_temperature_celsius{gpu="card1",sensor="memory"}': 72,
      'gpu_power_watts{gpu="card1"}': 187,
      'gpu_power_limit_watts{gpu="card1"}': 303,
      'gpu_clock_hertz{gpu="card1",domain="graphics"}': 1725e6,
      'gpu_clock_hertz{gpu="card1",domain="memory"}': 1249e6,
      'gpu_fan_ratio{gpu="card1"}': 0.4,
      'gpu_fan_rpm{gpu="card1"}': 1480,
    });
  });

  it("tells Intel's of both drivers, and no card of another vendor", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values } = await gpus.scrape();
    assert.deepEqual(of(values, "card0"), {
      'gpu_info{gpu="card0",vendor="intel",name="Intel 46a6",uuid="",driver="i915",pci="0000:00:02.0"}': 1,
      'gpu_up{gpu="card0"}': 1,
      'gpu_suspended{gpu="card0"}': 0,
      'gpu_clock_hertz{gpu="card0",domain="graphics"}': 1300e6,
      'gpu_clock_max_hertz{gpu="card0",domain="graphics"}': 1450e6,
      'gpu_throttled{gpu="card0",reason="pl1"}': 1,
      'gpu_throttled{gpu="card0",reason="thermal"}': 0,
      'gpu_idle_seconds_total{gpu="card0",engine="gpu"}': 500,
    });
    assert.deepEqual(of(values, "card2"), {
      'gpu_info{gpu="card2",vendor="intel",name="Intel e20b",uuid="",driver="xe",pci="0000:04:00.0"}': 1,
      'gpu_up{gpu="card2"}': 1,
      'gpu_suspended{gpu="card2"}': 0,
      'gpu_clock_hertz{gpu="card2",domain="graphics"}': 2400e6,
      'gpu_clock_max_hertz{gpu="card2",domain="graphics"}': 2850e6,
      'gpu_clock_hertz{gpu="card2",domain="media"}': 1200e6,
      'gpu_clock_max_hertz{gpu="card2",domain="media"}': 1500e6,
      'gpu_throttled{gpu="card2",reason="thermal"}': 0,
      'gpu_idle_seconds_total{gpu="card2",engine="gpu"}': 70,
      'gpu_idle_seconds_total{gpu="card2",engine="media"}': 90,
      'gpu_energy_joules_total{gpu="card2"}': 12.345678,
      'gpu_power_limit_watts{gpu="card2"}': 190,
      'gpu_temperature_celsius{gpu="card2",sensor="gpu"}': 48,
    });
    assert.equal(values['gpu_up{gpu="card3"}'], undefined);
  });

  it("tells new values at each scrape, and none of a file that has gone", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    await using gpus = probe(tree);
    await gpus.until(({ values }) => values['gpu_power_watts{gpu="card1"}'] === 187);
    tree.write(`${AMD}/gpu_busy_percent`, "99\n");
    tree.remove(`${AMD}/hwmon/hwmon2/power1_average`);
    const { values } = await gpus.until(({ values }) => values['gpu_utilization_ratio{gpu="card1",engine="gpu"}'] === 0.99);
    assert.equal(values['gpu_power_watts{gpu="card1"}'], undefined);
  });

  it("does not touch a card that sleeps", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    tree.write(`${AMD}/power/runtime_status`, "suspended\n");
    // Whoever opened this pipe would wait for ever.
    tree.remove(`${AMD}/gpu_busy_percent`);
    assert.equal(spawnSync("mkfifo", [`${tree.path}/${AMD}/gpu_busy_percent`]).status, 0);
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values, ok } = await gpus.scrape();
    assert.equal(ok, true);
    assert.deepEqual(of(values, "card1"), {
      'gpu_info{gpu="card1",vendor="amd",name="AMD 744c",uuid="",driver="amdgpu",pci="0000:03:00.0"}': 1,
      'gpu_up{gpu="card1"}': 1,
      'gpu_suspended{gpu="card1"}': 1,
    });
    assert.equal(values['gpu_clock_hertz{gpu="card0",domain="graphics"}'], 1300e6, "the others are told");
  });

  it("delays no scrape for a driver that hangs, and keeps no process alive", () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    tree.remove(`${AMD}/gpu_busy_percent`);
    assert.equal(spawnSync("mkfifo", [`${tree.path}/${AMD}/gpu_busy_percent`]).status, 0);
    const code = `
      import { Registry } from ${JSON.stringify(new URL("../../core/registry.js", import.meta.url).href)};
      import { gpu } from ${JSON.stringify(new URL("./gpu.js", import.meta.url).href)};
      const registry = new Registry();
      registry.register(gpu({ nvidia: false, sysPath: ${JSON.stringify(tree.sysPath)} }));
      await registry.collect();
      const start = performance.now();
      await registry.collect();
      console.log(performance.now() - start);
      const done = performance.now();
      process.on("exit", () => console.log(performance.now() - done));
    `;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
    assert.equal(status, 0);
    const [scrape = Number.NaN, exit = Number.NaN] = stdout.trim().split("\n").map(Number);
    assert.ok(scrape < 1000 && exit < 2000, `scrape ${scrape} ms, exit ${exit} ms`);
  });

  it("calls a card lost that has not answered for a minute, and leaves one out that was not asked", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const clock = new ManualClock();
    const cards = new SysfsCards({ clock, everyMs: 1000, sysPath: tree.sysPath, procPath: tree.procPath });
    await cards.settled();
    const conditions = (): Record<string, string> => Object.fromEntries(cards.read().map(({ gpu, condition }) => [gpu, condition]));
    assert.deepEqual(conditions(), { card0: "up", card1: "up", card2: "up" });
    clock.advance(61_000);
    assert.deepEqual(conditions(), { card0: "up", card1: "up", card2: "up" }, "nobody had asked");
    assert.deepEqual(
      cards.read().flatMap(({ readings }) => readings),
      [],
    );
    await cards.settled();
    assert.ok(cards.read().every(({ readings }) => readings.length > 0));
    cards.close();
  });

  it("says how long an Intel engine was busy between two readings", () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const device = `${tree.path}/${INTEL}`;
    const card = new IntelCard({ folder: `${device}/drm/card0`, device, hwmon: undefined });
    const file = String(card.files.findIndex((path) => path.endsWith("rc6_residency_ms")));
    const busy = (up: number, idleMs: number): number | undefined => {
      const lines = new Map([
        ["up", [String(up)]],
        [file, [String(idleMs)]],
      ]);
      return card.understand(lines).readings.find(([metric]) => metric === "utilization")?.[1];
    };
    assert.equal(busy(100, 50_000), undefined, "nothing to compare with");
    assert.equal(busy(110, 57_500), 0.25);
    assert.equal(busy(120, 67_600), 0, "not below 0");
    assert.equal(busy(120, 67_600), undefined, "no time has passed");
    assert.equal(busy(130, 100), undefined, "the counter was reset");
    assert.equal(busy(140, 100), 1);
  });

  it("says what an Intel card draws, from the energy that it counts", () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const device = `${tree.path}/sys/devices/pci0000:00/0000:04:00.0`;
    const card = new IntelCard({ folder: `${device}/drm/card2`, device, hwmon: `${device}/hwmon/hwmon4` });
    const file = String(card.files.findIndex((path) => path.endsWith("energy1_input")));
    const power = (up: number, microjoules: number): number | undefined => {
      const lines = new Map([
        ["up", [String(up)]],
        [file, [String(microjoules)]],
      ]);
      return card.understand(lines).readings.find(([metric]) => metric === "power")?.[1];
    };
    assert.equal(power(100, 1e9), undefined, "nothing to compare with");
    assert.equal(power(110, 1.5e9), 50);
    assert.equal(power(120, 10), undefined, "the counter was reset");
  });

  it("takes a card's own sensors, not those of a part, and no limit for none", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const of = (name: string, file: string, text: string) => tree.write(`${INTEL}/hwmon/${name}/${file}`, `${text}\n`);
    of("hwmon1", "name", "i915_gt0");
    of("hwmon1", "energy1_input", "1");
    of("hwmon7", "name", "i915");
    of("hwmon7", "energy1_input", "7000000");
    of("hwmon7", "temp1_input", "51000");
    of("hwmon7", "power1_max", "0");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values } = await gpus.scrape();
    assert.deepEqual(
      [
        values['gpu_energy_joules_total{gpu="card0"}'],
        values['gpu_temperature_celsius{gpu="card0",sensor="gpu"}'],
        values['gpu_power_limit_watts{gpu="card0"}'],
      ],
      [7, 51, undefined],
    );
  });

  it("knows the files of Intel's on kernels before 5.18", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    tree.remove(`${INTEL}/drm/card0/gt`);
    tree.write(`${INTEL}/drm/card0/gt_act_freq_mhz`, "350\n");
    tree.write(`${INTEL}/drm/card0/gt_max_freq_mhz`, "1150\n");
    tree.write(`${INTEL}/drm/card0/power/rc6_residency_ms`, "2500\n");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values } = await gpus.scrape();
    assert.deepEqual(
      [
        values['gpu_clock_hertz{gpu="card0",domain="graphics"}'],
        values['gpu_clock_max_hertz{gpu="card0",domain="graphics"}'],
        values['gpu_idle_seconds_total{gpu="card0",engine="gpu"}'],
      ],
      [350e6, 1150e6, 2.5],
    );
  });

  // What else the struct holds is not told; the version is in bytes 2 and 3.
  const metrics = (version: readonly [number, number], at: number, energy: bigint): Uint8Array => {
    const bytes = Buffer.alloc(264, 0xff);
    bytes.set(version, 2);
    bytes.writeBigUInt64LE(energy, at);
    return bytes;
  };
  const tables: readonly (readonly [string, Uint8Array, number | undefined])[] = [
    ["version 1.4", metrics([1, 4], 24, 65536n * 500n), 500],
    ["version 1.5", metrics([1, 5], 88, 65536n * 500n), 500],
    ["version 1.8", metrics([1, 8], 24, 32768n), 0.5],
    ["a chip that does not count", metrics([1, 4], 24, 0xffff_ffff_ffff_ffffn), undefined],
    ["a version without a known unit", metrics([1, 3], 24, 65536n), undefined],
  ];
  for (const [what, bytes, joules] of tables) {
    it(`reads the energy of AMD's table gpu_metrics: ${what}`, async () => {
      using tree = new FixtureTree("gpu/amd-and-intel");
      tree.write(`${AMD}/gpu_metrics`, bytes);
      await using gpus = probe(tree);
      await gpus.gpu.settled();
      const { values } = await gpus.scrape();
      assert.equal(values['gpu_energy_joules_total{gpu="card1"}'], joules);
      assert.equal(values['gpu_power_watts{gpu="card1"}'], 187);
      // One that is of no use is not read again; a pipe would keep its reader waiting.
      if (!what.includes("unit")) return;
      tree.remove(`${AMD}/gpu_metrics`);
      assert.equal(spawnSync("mkfifo", [`${tree.path}/${AMD}/gpu_metrics`]).status, 0);
      tree.write(`${AMD}/gpu_busy_percent`, "98\n");
      await gpus.until(({ values }) => values['gpu_utilization_ratio{gpu="card1",engine="gpu"}'] === 0.98);
    });
  }

  it("takes AMD's power where it can be read: the average, or else what it is now", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    tree.write(`${AMD}/hwmon/hwmon2/power1_input`, "150000000\n");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    assert.equal((await gpus.scrape()).values['gpu_power_watts{gpu="card1"}'], 187);
    tree.write(`${AMD}/hwmon/hwmon2/power1_average`, "");
    await gpus.until(({ values }) => values['gpu_power_watts{gpu="card1"}'] === 150);
  });

  it("leaves an idle card that may sleep alone for twice the time after which it falls asleep", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    for (const file of ["gpu_busy_percent", "mem_busy_percent"]) tree.write(`${AMD}/${file}`, "0\n");
    tree.write(`${AMD}/power/autosuspend_delay_ms`, "5000\n");
    const clock = new ManualClock();
    const cards = new SysfsCards({ clock, everyMs: 1000, sysPath: tree.sysPath, procPath: tree.procPath });
    const busy = async (): Promise<number | undefined> => {
      await cards.settled();
      const amd = cards.read().find(({ gpu }) => gpu === "card1");
      return amd?.readings.find(([metric, , engine]) => metric === "utilization" && engine === "gpu")?.[1];
    };
    assert.equal(await busy(), 0);
    tree.write(`${AMD}/gpu_busy_percent`, "70\n");
    clock.advance(9000);
    assert.equal(await busy(), 0, "not asked");
    clock.advance(1500);
    assert.equal(await busy(), 0.7);
    tree.write(`${AMD}/gpu_busy_percent`, "30\n");
    clock.advance(1000);
    assert.equal(await busy(), 0.3, "a busy one does not fall asleep anyway");
    cards.close();
  });

  it("tells the GPU of a Jetson, of a Rockchip and of a processor that says only its clock, and no other devfreq device", async () => {
    using tree = new FixtureTree();
    const device = (name: string, files: Readonly<Record<string, string>>): void => {
      for (const [file, text] of Object.entries(files)) tree.write(`sys/devices/platform/${name}/${file}`, text);
      tree.link(`sys/devices/platform/${name}/devfreq/${name}/device`, "../..");
      tree.link(`sys/class/devfreq/${name}`, `../../devices/platform/${name}/devfreq/${name}`);
    };
    const clocks = (name: string): Record<string, string> => ({
      [`devfreq/${name}/cur_freq`]: "624750000\n",
      [`devfreq/${name}/max_freq`]: "1020000000\n",
    });
    const tree1 = { "of_node/name": "ga10b\0", "of_node/compatible": "nvidia,ga10b\0nvidia,gpu\0" };
    device("17000000.ga10b", { ...tree1, load: "375\n", ...clocks("17000000.ga10b") });
    const mali = { "of_node/name": "gpu\0", "of_node/compatible": "arm,mali-bifrost\0" };
    device("fde60000.gpu", { ...mali, "devfreq/fde60000.gpu/load": "38@600000000Hz\n", ...clocks("fde60000.gpu") });
    device("5000000.gpu", { "of_node/name": "gpu\0", "of_node/compatible": "qcom,adreno-630.2\0qcom,adreno\0", ...clocks("5000000.gpu") });
    device("dmc", { "of_node/name": "dmc\0", load: "500\n", ...clocks("dmc") });
    tree.link("sys/devices/platform/17000000.ga10b/driver", "../../../bus/platform/drivers/gk20a");
    await using gpus = probe(tree);
    await gpus.gpu.settled();
    const { values, ok } = await gpus.scrape();
    assert.equal(ok, true);
    assert.deepEqual(of(values, "17000000.ga10b"), {
      'gpu_info{gpu="17000000.ga10b",vendor="nvidia",name="nvidia,ga10b",uuid="",driver="gk20a",pci=""}': 1,
      'gpu_up{gpu="17000000.ga10b"}': 1,
      'gpu_suspended{gpu="17000000.ga10b"}': 0,
      'gpu_utilization_ratio{gpu="17000000.ga10b",engine="gpu"}': 0.375,
      'gpu_clock_hertz{gpu="17000000.ga10b",domain="graphics"}': 624_750_000,
      'gpu_clock_max_hertz{gpu="17000000.ga10b",domain="graphics"}': 1_020_000_000,
    });
    assert.equal(values['gpu_utilization_ratio{gpu="fde60000.gpu",engine="gpu"}'], 0.38);
    assert.equal(values['gpu_info{gpu="5000000.gpu",vendor="qualcomm",name="qcom,adreno-630.2",uuid="",driver="",pci=""}'], 1);
    assert.deepEqual(of(values, "dmc"), {});
  });
});
