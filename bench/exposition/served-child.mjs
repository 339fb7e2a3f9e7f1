// One library behind its HTTP server; told by messages what to do. Linux only: it reads /proc.
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { job } from "../child.mjs";
import { filledService } from "./filled.mjs";

const { client, series, worker } = job();
const { change, listen, total } = await filledService(client, series);
const port = await listen(worker);
let watch;

const does = {
  change({ share }) {
    change(share);
    return { total: total() };
  },
  /** From here on each turn of the event loop is timed. */
  watch() {
    writeFileSync("/proc/self/clear_refs", "5"); // sets the peak of the resident memory back to what it is now
    const residentMb = status("VmRSS");
    watch = watchedLoop();
    return { residentMb };
  },
  watched: () => ({ ...watch.stop(), peakMb: status("VmHWM") }),
};
process.on("message", ({ act, ...rest }) => process.send(does[act](rest)));
globalThis.gc?.();
process.send({ port, total: total() });

const status = (field) => Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync("/proc/self/status", "latin1"))[1]) / 1024;

/** The longest turn of the event loop, by the wall clock and by the CPU time of this thread alone. */
function watchedLoop() {
  const file = openSync(`/proc/self/task/${process.pid}/schedstat`);
  const buffer = Buffer.alloc(80);
  const threadCpuMs = () => {
    process.cpuUsage(); // getrusage brings the kernel's count for this thread up to date
    return Number.parseInt(buffer.latin1Slice(0, readSync(file, buffer, 0, 80, 0)), 10) / 1e6;
  };
  let [lastWall, lastCpu, wallMs, cpuMs, running] = [performance.now(), threadCpuMs(), 0, 0, true];
  const turn = () => {
    if (!running) return;
    const [wall, cpu] = [performance.now(), threadCpuMs()];
    wallMs = Math.max(wallMs, wall - lastWall);
    cpuMs = Math.max(cpuMs, cpu - lastCpu);
    [lastWall, lastCpu] = [wall, cpu];
    setImmediate(turn);
  };
  setImmediate(turn);
  return {
    stop() {
      turn();
      running = false;
      closeSync(file);
      return { wallMs, cpuMs };
    },
  };
}
