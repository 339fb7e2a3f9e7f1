import { readdirSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import type { HostPart } from "./part.ts";

/** So many processes are read at a stretch, about half a millisecond; then others may go on. */
const STRETCH = 128;
const BRACKET = 41;

/**
 * `node_processes_pids`, `_threads`, `_state{state}`, `_max_processes`, `_max_threads`: one file a process. The state of each thread, which
 * node_exporter tells too, would be one file a thread.
 */
export const processes: HostPart = {
  name: "processes",
  slow: true,
  open({ readings, proc, procPath, files }) {
    const pids = readings.gauge("node_processes_pids", "Processes.");
    const threads = readings.gauge("node_processes_threads", "Threads of all processes.");
    const states = readings.gauges("node_processes_state", { help: "Processes by state.", labels: ["state"] });
    const limits = [
      { file: proc("sys/kernel/threads-max"), series: readings.gauge("node_processes_max_threads", "Most threads that there may be.") },
      { file: proc("sys/kernel/pid_max"), series: readings.gauge("node_processes_max_processes", "Most process numbers that there may be.") },
    ];
    const series = new Map<string, ReturnType<typeof states.of>>();
    return async () => {
      let processCount = 0;
      let threadCount = 0;
      const counts = new Map<string, number>();
      const names = readdirSync(procPath);
      for (let k = 0, read = 0; k < names.length; k++) {
        const first = names[k]!.charCodeAt(0);
        if (first < 48 || first > 57) continue;
        if (++read % STRETCH === 0) await setImmediate();
        try {
          const text = files.read(`${procPath}/${names[k]}/stat`);
          // "123 (name) S 1 …": the name may hold brackets and blanks.
          text.at = text.bytes.lastIndexOf(BRACKET, text.end) + 1;
          if (!text.word()) continue;
          const state = text.string();
          for (let field = 4; field < 20; field++) text.number();
          threadCount += text.uint() || 0;
          processCount++;
          counts.set(state, (counts.get(state) ?? 0) + 1);
        } catch {
          // It has ended meanwhile.
        }
      }
      pids.set(processCount);
      threads.set(threadCount);
      for (const [state, count] of counts) {
        let one = series.get(state);
        if (one === undefined) series.set(state, (one = states.of(state)));
        one.set(count);
      }
      for (const { file, series } of limits) series.set(file.read().uint());
    };
  },
};
