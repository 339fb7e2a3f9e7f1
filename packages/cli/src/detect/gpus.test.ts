import assert from "node:assert/strict";
import { test } from "node:test";
import type { Registry } from "@inferometer/metrics";
import { gpu } from "@inferometer/metrics/collectors";
import { gpuLines } from "./gpus.ts";

test("a GPU is told with its name and memory; one that tells no memory, with its name", async () => {
  const lines = await gpuLines({
    name: "gpu",
    settled: async () => {},
    collect() {},
    register(registry: Registry) {
      const info = registry.gauge("gpu_info", { help: "h", labels: ["vendor", "name", "uuid", "driver", "pci", "gpu"] });
      info.set({ vendor: "nvidia", name: "H100", uuid: "u", driver: "d", pci: "p", gpu: "0" }, 1);
      info.set({ vendor: "intel", name: "", uuid: "u", driver: "d", pci: "q", gpu: "1" }, 1);
      registry.gauge("gpu_memory_used_bytes", { help: "h", labels: ["gpu"] }).set({ gpu: "0" }, 2 * 2 ** 30);
      registry.gauge("gpu_memory_total_bytes", { help: "h", labels: ["gpu"] }).set({ gpu: "0" }, 80 * 2 ** 30);
    },
  });
  assert.deepEqual(lines, ["H100: 2.00 GiB of 80.0 GiB memory in use", "intel"]);
});

test("a machine without a GPU has no lines", async () => {
  assert.deepEqual(await gpuLines(gpu({ command: "/nowhere/nvidia-smi", sysPath: "/nowhere" })), []);
});
