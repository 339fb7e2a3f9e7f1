import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { lintMetric } from "../../core/names.ts";
import { Registry } from "../../core/registry.ts";
import { Readings } from "../readings.ts";
import { gpu } from "./gpu.ts";
import { GpuMetrics, gpuMetricNames } from "./gpu-metrics.ts";
import type { GpuReading, GpuState } from "./gpu-state.ts";
import { planProcessGroups, processGrouping } from "./process-groups.ts";

const identity = { vendor: "nvidia", name: "H100", uuid: "GPU-1", driver: "590", pci: "0000:3b:00.0" } as const;
const up = (gpu: string, ...readings: readonly GpuReading[]): GpuState => ({ gpu, identity, condition: "up", readings });

function metrics(): { readonly registry: Registry; readonly metrics: GpuMetrics } {
  const registry = new Registry();
  const readings = new Readings();
  readings.register(registry, () => {});
  return { registry, metrics: new GpuMetrics(readings) };
}

describe("the metrics of gpu()", () => {
  it("have names that Prometheus' linter has nothing against", () => {
    assert.ok(gpuMetricNames.length > 40 && new Set(gpuMetricNames).size === gpuMetricNames.length);
    const problems = gpuMetricNames.flatMap((name) =>
      lintMetric({ name, type: name.endsWith("_total") ? "counter" : "gauge", help: "Some.", labelNames: ["gpu"] }),
    );
    assert.deepEqual(problems, []);
  });

  it("are all explained in the documents", () => {
    const page = fileURLToPath(new URL("../../../../../docs/collectors.md", import.meta.url));
    const text = readFileSync(page, "utf8");
    assert.deepEqual(
      gpuMetricNames.filter((name) => !text.includes(`\`${name}\``)),
      [],
    );
  });

  it("disappear when they are not told any more, and come back", () => {
    const { registry, metrics: told } = metrics();
    const has = (name: string): string[] => {
      const family = registry.snapshot().get(name);
      return family === undefined ? [] : Array.from({ length: family.length }, (_, row) => family.labels(row)["gpu"]!).sort();
    };
    told.tell([up("0", ["power", 100]), up("1", ["power", 200])], []);
    assert.deepEqual(has("gpu_power_watts"), ["0", "1"]);
    told.tell([up("1", ["power", 200])], []);
    assert.deepEqual([has("gpu_power_watts"), has("gpu_up")], [["1"], ["1"]]);
    told.tell([up("0", ["power", 100]), { ...up("1"), condition: "lost" }], []);
    assert.deepEqual([has("gpu_power_watts"), has("gpu_up")], [["0"], ["0", "1"]]);
  });

  it("take no value that would spoil them", () => {
    const { registry, metrics: told } = metrics();
    told.tell([up("0", ["energy", -1], ["power", Number.NaN], ["fan", Number.POSITIVE_INFINITY], ["temperature", -5, "gpu"])], []);
    const names = registry.snapshot().families.filter(({ length }) => length > 0);
    assert.deepEqual(names.map(({ name }) => name).sort(), ["gpu_info", "gpu_suspended", "gpu_temperature_celsius", "gpu_up"]);
  });

  it("start a counter anew when the driver does", () => {
    const { registry, metrics: told } = metrics();
    told.tell([up("0", ["energy", 500])], []);
    told.tell([up("0", ["energy", 3])], []);
    assert.equal(registry.snapshot().get("gpu_energy_joules_total")!.value(0), 3);
  });
});

describe("options of gpu()", () => {
  const bad: readonly (readonly [string, object, RegExp])[] = [
    ["a vendor's tool that it does not know", { nvidia: "dcgm" }, /nvidia is "dcgm"\. Give "nvidia-smi", "nvml" or false\./],
    ["an interval that is too short", { every: "1ms" }, /every is "1ms"\. Give a time from "100ms" on\./],
    ["an idle time below the interval", { every: "1m", idle: "30s" }, /idle is "30s"/],
    [
      "PCIe traffic from who cannot measure it",
      { pcieThroughput: true },
      /pcieThroughput is true and nvidia is "nvidia-smi"\. Only nvidia: "nvml" can/,
    ],
    ["groups that are no patterns", { processes: { training: "train" } }, /processes holds "train"/],
  ];
  for (const [what, options, message] of bad) it(`refuses ${what}`, () => assert.throws(() => gpu(options), message));

  it("refuse a second registry", () => {
    const collector = gpu({ nvidia: false });
    new Registry().register(collector);
    assert.throws(() => new Registry().register(collector), /is registered already/);
    collector.close();
  });

  it("group processes by program or by pattern", () => {
    const program = processGrouping(planProcessGroups(true)!);
    assert.deepEqual(["/usr/bin/python3 train.py", "sshd: root", ""].map(program), ["python3", "sshd", "unknown"]);
    const pattern = processGrouping(planProcessGroups({ training: /Train/gi, serving: /serve/ })!);
    assert.deepEqual(["python train.py", "python train.py", "vllm serve", "bash"].map(pattern), ["training", "training", "serving", "other"]);
    assert.equal(planProcessGroups(false), undefined);
  });
});
