import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

const COLUMN_CPU = 12;

/** Work on received packets by CPU: `node_softnet_{processed,dropped,times_squeezed}_total{cpu}` and, as far as the kernel tells, the others. */
export const softnet: HostPart = {
  name: "softnet",
  open({ readings, proc }) {
    const file = proc("net/softnet_stat");
    const counter = (name: string, help: string) => readings.counters(`node_softnet_${name}_total`, { help, labels: ["cpu"] });
    // By column; columns 3 to 7 are zeros by now.
    const families = new Map([
      [0, counter("processed", "Packets processed.")],
      [1, counter("dropped", "Packets dropped, since the queue was full.")],
      [2, counter("times_squeezed", "Times that work was left when the budget or time was over.")],
      [8, counter("cpu_collision", "Collisions on a device's lock while sending.")],
      [9, counter("received_rps", "Times that a CPU was woken to take packets from another.")],
      [10, counter("flow_limit_count", "Times that the flow limit was reached.")],
      [11, readings.gauges("node_softnet_backlog_len", { help: "Packets that wait.", labels: ["cpu"] })],
    ]);
    const cpus = new Map<number, readonly (Series | undefined)[]>();
    const columns = new Float64Array(COLUMN_CPU + 1);
    const seriesOf = (cpu: number): readonly (Series | undefined)[] => {
      let series = cpus.get(cpu);
      if (series === undefined) {
        series = Array.from({ length: COLUMN_CPU }, (_, column) => families.get(column)?.of(String(cpu)));
        cpus.set(cpu, series);
      }
      return series;
    };
    return () => {
      const text = file.read();
      for (let line = 0; text.at < text.end; line++) {
        let count = 0;
        while (count <= COLUMN_CPU) {
          const value = text.hex();
          if (value !== value) break;
          columns[count++] = value;
        }
        // Before Linux 5.10 a line does not say which CPU's it is.
        const series = seriesOf(count > COLUMN_CPU ? columns[COLUMN_CPU]! : line);
        for (let column = 0; column < Math.min(count, COLUMN_CPU); column++) series[column]?.set(columns[column]!);
        text.nextLine();
      }
    };
  },
};
