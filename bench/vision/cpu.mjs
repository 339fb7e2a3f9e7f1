// CPU time beyond this process: of one thread, and of the programs it has started. Linux only: it reads /proc.
import { readdirSync, readFileSync } from "node:fs";

/** Milliseconds of CPU of the main thread so far. */
export function mainThreadMs() {
  process.cpuUsage(); // getrusage brings the kernel's count for this thread up to date
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
}

/** Milliseconds of CPU of all child processes so far, those that run and those that have ended; the kernel tells it in hundredths of a second. */
export function childrenMs() {
  const running = readdirSync("/proc/self/task").flatMap((task) =>
    readFileSync(`/proc/self/task/${task}/children`, "latin1").split(" ").filter(Boolean),
  );
  return running.reduce((sum, pid) => sum + ticks(pid).own, ticks("self").ended) * 10;
}

function ticks(pid) {
  // What stands behind the name, which may hold anything: state, parent, …
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /s, "")
    .split(" ")
    .map(Number);
  return { own: fields[11] + fields[12], ended: fields[13] + fields[14] };
}
