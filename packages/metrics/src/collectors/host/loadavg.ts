import type { HostPart } from "./part.ts";

/** `node_load1`, `node_load5`, `node_load15`. */
export const loadavg: HostPart = {
  name: "loadavg",
  open({ readings, proc }) {
    const file = proc("loadavg");
    const loads = [1, 5, 15].map((minutes) => readings.gauge(`node_load${minutes}`, `Load average over ${minutes} min.`));
    return () => {
      const text = file.read();
      for (const load of loads) load.set(text.number());
    };
  },
};
