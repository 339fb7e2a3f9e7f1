import { KeyTable } from "../key-table.ts";
import type { HostPart } from "./part.ts";

const COLUMN_DEVICE = 5;

/** `node_arp_entries{device}`. */
export const arp: HostPart = {
  name: "arp",
  open({ readings, proc, ignore }) {
    const file = proc("net/arp");
    const entries = readings.gauges("node_arp_entries", { help: "Entries of the ARP table.", labels: ["device"] });
    const devices = new KeyTable((device) => ({ series: ignore.interfaces.test(device) ? undefined : entries.of(device), count: 0 }));
    return () => {
      const text = file.read();
      for (const device of devices.values) device.count = 0;
      text.nextLine();
      devices.begin();
      for (; text.at < text.end; text.nextLine()) {
        let column = 0;
        while (column < COLUMN_DEVICE && text.word()) column++;
        if (text.word()) devices.of(text).count++;
      }
      devices.end();
      for (const { series, count } of devices.values) series?.set(count);
    };
  },
};
