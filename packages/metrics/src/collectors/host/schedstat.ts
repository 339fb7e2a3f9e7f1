import { KeyTable } from "../key-table.ts";
import type { HostPart } from "./part.ts";

const NANOSECONDS = 1e9;
const FIRST_FIELD = 6;

/** The scheduler's figures: `node_schedstat_{running,waiting}_seconds_total{cpu}`, `node_schedstat_timeslices_total{cpu}`. */
export const schedstat: HostPart = {
  name: "schedstat",
  open({ readings, proc }) {
    const file = proc("schedstat");
    const labels = ["cpu"];
    const running = readings.counters("node_schedstat_running_seconds_total", { help: "Time that tasks ran, in seconds.", labels });
    const waiting = readings.counters("node_schedstat_waiting_seconds_total", { help: "Time that tasks waited for a CPU, in seconds.", labels });
    const slices = readings.counters("node_schedstat_timeslices_total", { help: "Time slices that tasks got.", labels });
    const cpus = new KeyTable((name) => {
      const cpu = name.slice("cpu".length);
      return { running: running.of(cpu), waiting: waiting.of(cpu), slices: slices.of(cpu) };
    });
    return () => {
      const text = file.read();
      cpus.begin();
      for (; text.at < text.end; text.nextLine()) {
        if (!text.here("cpu")) continue;
        text.word();
        const cpu = cpus.of(text);
        for (let field = 0; field < FIRST_FIELD; field++) text.uint();
        cpu.running.set(text.uint() / NANOSECONDS);
        cpu.waiting.set(text.uint() / NANOSECONDS);
        cpu.slices.set(text.uint());
      }
      cpus.end();
    };
  },
};
