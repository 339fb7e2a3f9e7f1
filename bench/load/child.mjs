// What the import of one library costs.
import { answer, cpuMs, job } from "../child.mjs";

const { modules } = job();
gc();
const heap = process.memoryUsage().heapUsed;
const start = cpuMs();
for (const module of modules) await import(module);
const ms = cpuMs() - start;
gc();
answer({ ms, heapMb: (process.memoryUsage().heapUsed - heap) / 2 ** 20 });
