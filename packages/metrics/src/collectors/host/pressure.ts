import type { HostPart } from "./part.ts";

const MICROSECONDS = 1e6;

/** Pressure stall information: `node_pressure_{cpu,io,memory}_waiting_seconds_total`, `_stalled_`; since Linux 6.1 `node_pressure_irq_stalled_seconds_total`. */
export const pressure: HostPart = {
  name: "pressure",
  open({ readings, proc }) {
    const waiting = (of: string): string => `Time in which at least one task waited for ${of}, in seconds.`;
    const stalled = (of: string): string => `Time in which no task could go on for want of ${of}, in seconds.`;
    const resource = (name: string, ...lines: readonly (readonly [start: string, metric: string, help: string])[]) => ({
      file: proc(`pressure/${name}`),
      lines: lines.map(([start, metric, help]) => ({ start, series: readings.counter(`node_pressure_${metric}_seconds_total`, help) })),
    });
    const resources = [
      // For the whole machine a full line of cpu means nothing; it is there, all zeros.
      resource("cpu", ["some", "cpu_waiting", waiting("CPU")]),
      resource("io", ["some", "io_waiting", waiting("I/O")], ["full", "io_stalled", stalled("I/O")]),
      resource("memory", ["some", "memory_waiting", waiting("memory")], ["full", "memory_stalled", stalled("memory")]),
    ];
    const irq = resource("irq", ["full", "irq_stalled", "Time in which no task could go on since an interrupt was handled, in seconds."]);
    const read = ({ file, lines }: typeof irq): void => {
      const text = file.read();
      while (text.at < text.end) {
        for (const { start, series } of lines) if (text.here(start) && text.after("total=")) series.set(text.uint() / MICROSECONDS);
        text.nextLine();
      }
    };
    let hasIrq = true;
    return () => {
      // The files exist with psi=0 too, but reading them fails.
      for (const one of resources) read(one);
      if (!hasIrq) return;
      try {
        read(irq);
      } catch {
        hasIrq = false; // an older kernel, or one without interrupt accounting: neither changes while it runs
      }
    };
  },
};
