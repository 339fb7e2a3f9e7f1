import type { HostPart } from "./part.ts";

/** Boot time, forks, interrupts, context switches, running and blocked processes. */
export const stat: HostPart = {
  name: "stat",
  open({ readings, stat: source }) {
    const series = {
      intr: readings.counter("node_intr_total", "Interrupts since boot."),
      ctxt: readings.counter("node_context_switches_total", "Context switches since boot."),
      btime: readings.gauge("node_boot_time_seconds", "When the machine was booted, in seconds since 1970."),
      processes: readings.counter("node_forks_total", "Processes and threads started since boot."),
      procs_running: readings.gauge("node_procs_running", "Processes that run or could run."),
      procs_blocked: readings.gauge("node_procs_blocked", "Processes that wait for I/O."),
    };
    const entries = Object.entries(series);
    return () => {
      source.read();
      for (const [name, one] of entries) one.set(source.value(name));
    };
  },
};
