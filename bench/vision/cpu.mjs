// CPU time beyond this process: of one thread, and of the programs it has started. Linux only: it reads /proc.
import { readFileSync } from "node:fs";

/** Milliseconds of CPU of the main thread so far. */
export function mainThreadMs() {
  process.cpuUsage(); // getrusage brings the kernel's count for this thread up to date
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
}

/** Milliseconds of CPU of all child processes that have ended; the kernel tells it in hundredths of a second. */
export function childrenMs() {
  const fields = readFileSync("/proc/self/stat", "latin1")
    .replace(/^.*\) /s, "")
    .split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}
