import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "../../core/clock.ts";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { Outpost } from "../outpost.ts";
import { DrmClients } from "./drm-clients.ts";
import { GpuProbe, until } from "./gpu-reading.test-kit.ts";
import type { GpuReading } from "./gpu-state.ts";

const linux = process.platform === "linux" ? {} : { skip: "needs /proc/uptime and a shell" };

/** Looks again and again; the machine's clock must have moved between two looks. */
class Looks implements Disposable {
  readonly tree: FixtureTree = new FixtureTree();
  readonly #outpost: Outpost = new Outpost({ clock: systemClock });
  readonly #clients: DrmClients = new DrmClients({ outpost: this.#outpost, procPath: this.tree.procPath, groups: "programs" });

  /** One process with one client. */
  client(pid: number, lines: Readonly<Record<string, string>>): void {
    const text = Object.entries({ "client-id": String(pid), pdev: "0000:03:00.0", ...lines }).map(([key, value]) => `drm-${key}:\t${value}\n`);
    this.tree.write(`proc/${pid}/fdinfo/3`, text.join(""));
    this.tree.write(`proc/${pid}/cmdline`, `/usr/bin/program${pid}\0`);
  }

  async look(): Promise<readonly GpuReading[]> {
    const before = this.#clients.read();
    this.#clients.refresh(0);
    await until(() => this.#clients.read() !== before);
    return this.#clients.read().get("0000:03:00.0") ?? [];
  }

  [Symbol.dispose](): void {
    this.#outpost.close();
    this.tree[Symbol.dispose]();
  }
}

const value = (readings: readonly GpuReading[], metric: string, ...labels: readonly string[]): number | undefined =>
  readings.find(([name, , ...rest]) => name === metric && rest.join() === labels.join())?.[1];

/** /proc/uptime has hundredths of a second. */
async function clockMoves(): Promise<void> {
  const start = performance.now();
  await until(() => performance.now() - start > 30);
}

describe("processes that use GPUs of AMD and Intel", linux, () => {
  it("sums up memory and engine time by groups of processes, a shared descriptor once", async () => {
    using tree = new FixtureTree("gpu/amd-and-intel");
    const paths = { sysPath: tree.sysPath, procPath: tree.procPath };
    await using gpus = new GpuProbe({ nvidia: false, ...paths, processes: { video: /ffmpeg/ } });
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

  it("knows engines whose names have digits, and how many there are of one", async () => {
    using looks = new Looks();
    const engines = (ns: number) => ({ "engine-enc_1": `${ns} ns`, "engine-video": `${ns} ns`, "engine-capacity-video": "1000000000" });
    looks.client(1, engines(0));
    await looks.look();
    await clockMoves();
    looks.client(1, engines(3_600_000_000_000));
    const readings = await looks.look();
    assert.equal(value(readings, "processBusy", "enc_1", "program1"), 3600);
    assert.equal(value(readings, "utilization", "enc_1"), 1, "more than the time that has passed cannot be");
    const shared = value(readings, "utilization", "video")!;
    assert.ok(shared > 0 && shared < 0.001, `${shared}: an hour of work for a thousand million engines`);
  });

  it("understands who counts cycles, of the clock that passes", async () => {
    using looks = new Looks();
    looks.client(1, { "cycles-rcs": "100", "total-cycles-rcs": "1000" });
    looks.client(2, { "cycles-rcs": "0", "total-cycles-rcs": "1000" });
    await looks.look();
    await clockMoves();
    looks.client(1, { "cycles-rcs": "300", "total-cycles-rcs": "2000" });
    looks.client(2, { "cycles-rcs": "500", "total-cycles-rcs": "2000" });
    const readings = await looks.look();
    assert.equal(Math.round(value(readings, "utilization", "rcs")! * 1e6), 700_000);
    const [first = 0, second = 0] = [1, 2].map((pid) => value(readings, "processBusy", "rcs", `program${pid}`));
    assert.ok(first > 0 && Math.abs(second / first - 2.5) < 1e-9, `${second} is 2.5 times ${first}`);
  });

  it("counts nothing twice when a driver's count falls back for a moment", async () => {
    using looks = new Looks();
    for (const [ns, seconds] of [
      [5e9, 0],
      [4e9, 0],
      [6e9, 1],
    ] as const) {
      looks.client(1, { "engine-gfx": `${ns} ns` });
      assert.equal(value(await looks.look(), "processBusy", "gfx", "program1"), seconds);
    }
  });
});
