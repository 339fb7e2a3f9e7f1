import { KeyTable } from "../key-table.ts";
import { unescaped } from "../mount-table.ts";
import type { HostPart } from "./part.ts";

/** `node_swap_{size,used}_bytes` and `node_swap_priority`, each {device,swap_type}. */
export const swap: HostPart = {
  name: "swap",
  open({ readings, proc }) {
    const file = proc("swaps");
    const labels = ["device", "swap_type"];
    const size = readings.gauges("node_swap_size_bytes", { help: "Size of a swap area, in bytes.", labels });
    const used = readings.gauges("node_swap_used_bytes", { help: "Used part of a swap area, in bytes.", labels });
    const priority = readings.gauges("node_swap_priority", { help: "Priority of a swap area: higher ones are filled first.", labels });
    // A device has one type for as long as it is there, so the pair is one key.
    const areas = new KeyTable((key) => {
      const [device = "", type = ""] = key.split(/[ \t]+/).map(unescaped);
      return [size.of(device, type), used.of(device, type), priority.of(device, type)];
    });
    return () => {
      const text = file.read();
      text.nextLine();
      areas.begin();
      while (text.word()) {
        const start = text.start;
        text.word();
        text.start = start;
        const [sizeOf, usedOf, priorityOf] = areas.of(text);
        sizeOf!.set(text.uint() * 1024);
        usedOf!.set(text.uint() * 1024);
        priorityOf!.set(text.number());
        text.nextLine();
      }
      areas.end();
    };
  },
};
