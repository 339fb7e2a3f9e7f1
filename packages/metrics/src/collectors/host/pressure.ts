import type { KernelFile } from "../kernel-file.ts";
import { type PressureLine, readPressure } from "../pressure-stall.ts";
import type { HostPart } from "./part.ts";

/** Pressure stall information: `node_pressure_{cpu,io,memory}_waiting_seconds_total`, `_stalled_`; since Linux 6.1 `node_pressure_irq_stalled_seconds_total`. */
export const pressure: HostPart = {
  name: "pressure",
  open({ readings, proc }) {
    const some = (name: string): PressureLine => ({
      start: "some",
      series: readings.counter(`node_pressure_${name}_waiting_seconds_total`, `Time in which at least one task waited for ${name}, in seconds.`),
    });
    const full = (name: string, why: string): PressureLine => ({
      start: "full",
      series: readings.counter(`node_pressure_${name}_stalled_seconds_total`, `Time in which no task could go on ${why}, in seconds.`),
    });
    const resources: readonly { readonly file: KernelFile; readonly lines: readonly PressureLine[] }[] = [
      { file: proc("pressure/cpu"), lines: [some("cpu")] }, // of a whole machine "full" has no meaning; the line is there, with zeros
      { file: proc("pressure/io"), lines: [some("io"), full("io", "for want of I/O")] },
      { file: proc("pressure/memory"), lines: [some("memory"), full("memory", "for want of memory")] },
    ];
    const irq = { file: proc("pressure/irq"), lines: [full("irq", "while interrupts were handled")] };
    let hasIrq = true;
    return () => {
      // With psi=0 the files are there, too, but reading them fails.
      for (const { file, lines } of resources) readPressure(file, lines);
      if (!hasIrq) return;
      try {
        readPressure(irq.file, irq.lines);
      } catch {
        hasIrq = false; // an older kernel, or one without interrupt accounting: neither changes while it runs
      }
    };
  },
};
