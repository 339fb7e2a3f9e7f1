import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { ManualClock, systemClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { DrmCards } from "./drm-cards.ts";
import { DrmClients } from "./drm-clients.ts";
import { GpuProbe, until } from "./gpu-reading.test-kit.ts";
import { IntelCard } from "./intel-card.ts";

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
    const cards = new DrmCards({ clock, everyMs: 1000, sysPath: tree.sysPath, procPath: tree.procPath });
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

  it("sums up memory and engine time by groups of processes, a shared descriptor once", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    await using gpus = probe(tree, { processes: { video: /ffmpeg/ } });
    await gpus.gpu.settled();
    const { values } = await gpus.scrape();
    const told = Object.fromEntries(Object.entries(values).filter(([series]) => series.startsWith("gpu_process")));
    assert.deepEqual(told, {
      'gpu_processes{gpu="card0",group="other"}': 1,
      'gpu_processes{gpu="card1",group="video"}': 1,
      'gpu_process_memory_bytes{gpu="card0",group="other"}': 0,
      'gpu_process_memory_bytes{gpu="card1",group="video"}': 2 ** 30,
      'gpu_process_busy_seconds_total{gpu="card0",engine="render",group="other"}': 0,
      'gpu_process_busy_seconds_total{gpu="card0",engine="video_enhance",group="other"}': 0,
      'gpu_process_busy_seconds_total{gpu="card1",engine="gfx",group="video"}': 0,
      'gpu_process_busy_seconds_total{gpu="card1",engine="dec",group="video"}': 0,
    });
  });

  it("counts what clients did between two looks, and takes nothing back when one ends", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const { Outpost } = await import("../outpost.ts");
    const outpost = new Outpost({ clock: systemClock });
    const clients = new DrmClients({ outpost, procPath: tree.procPath, groups: "programs" });
    const look = async (): Promise<ReturnType<DrmClients["read"]>> => {
      const before = clients.read();
      clients.refresh(0);
      await until(() => clients.read() !== before);
      return clients.read();
    };
    const busy = (all: ReturnType<DrmClients["read"]>, engine: string) =>
      all
        .get("0000:03:00.0")
        ?.find(([metric, , label]) => metric === "processBusy" && label === engine)
        ?.slice(1);
    assert.deepEqual(busy(await look(), "gfx"), [0, "gfx", "ffmpeg"]);
    const info = (ns: number): string =>
      `drm-driver:\tamdgpu\ndrm-client-id:\t42\ndrm-pdev:\t0000:03:00.0\ndrm-engine-gfx:\t${ns} ns\ndrm-memory-vram:\t1 MiB\n`;
    tree.write("proc/4001/fdinfo/7", info(8_000_000_000));
    tree.write("proc/4001/fdinfo/8", info(8_000_000_000));
    const second = await look();
    assert.deepEqual(busy(second, "gfx"), [3, "gfx", "ffmpeg"]);
    const ratio = second.get("0000:03:00.0")?.find(([metric, , engine]) => metric === "utilization" && engine === "gfx")?.[1];
    assert.ok(ratio === undefined || ratio === 1, "3 s of work in less than 3 s, if the machine's clock has moved at all");
    tree.remove("proc/4001");
    assert.deepEqual(busy(await look(), "gfx"), [3, "gfx", "ffmpeg"]);
    outpost.close();
  });
});
