import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

const COLON = 58;

/** The columns of /proc/net/dev. */
const COLUMNS: readonly (readonly [name: string, help: string])[] = [
  ["receive_bytes", "Bytes received."],
  ["receive_packets", "Packets received."],
  ["receive_errs", "Packets received with errors."],
  ["receive_drop", "Received packets that were dropped."],
  ["receive_fifo", "Received packets lost to a full buffer."],
  ["receive_frame", "Received packets with framing errors."],
  ["receive_compressed", "Compressed packets received."],
  ["receive_multicast", "Multicast packets received."],
  ["transmit_bytes", "Bytes sent."],
  ["transmit_packets", "Packets sent."],
  ["transmit_errs", "Packets that could not be sent."],
  ["transmit_drop", "Packets dropped instead of being sent."],
  ["transmit_fifo", "Packets not sent for want of a buffer."],
  ["transmit_colls", "Collisions while sending."],
  ["transmit_carrier", "Packets not sent for want of a carrier."],
  ["transmit_compressed", "Compressed packets sent."],
];

interface Device {
  readonly columns: readonly Series[];
  readonly nohandler: { readonly file: KernelFile; readonly series: Series };
}

/** Traffic of network interfaces: `node_network_{receive,transmit}_*_total{device}`. */
export const netdev: HostPart = {
  name: "netdev",
  open({ readings, proc, sys, ignore }) {
    const file = proc("net/dev");
    const labels = ["device"];
    const families = COLUMNS.map(([name, help]) => readings.counters(`node_network_${name}_total`, { help, labels }));
    const nohandler = readings.counters("node_network_receive_nohandler_total", { help: "Received packets that nobody wanted.", labels });
    const devices = new KeyTable<Device | undefined>(
      (name) => {
        if (ignore.interfaces.test(name)) return undefined;
        const path = `class/net/${name}/statistics/rx_nohandler`;
        return { columns: families.map((family) => family.of(name)), nohandler: { file: sys(path), series: nohandler.of(name) } };
      },
      { drop: (device) => device?.nohandler.file.close() },
    );
    return () => {
      const text = file.read();
      text.nextLine();
      text.nextLine();
      devices.begin();
      while (text.word()) {
        // "eth0: 123", or "eth0:123" if the number is long; an alias such as eth0:1 has a colon of its own, so the last one ends the name.
        text.at = Math.max(text.start, text.bytes.lastIndexOf(COLON, text.at));
        const device = devices.of(text);
        text.at++;
        if (device !== undefined) for (let k = 0; k < device.columns.length; k++) device.columns[k]!.set(text.uint());
        text.nextLine();
      }
      devices.end();
      // Another file is read only when this one is done: they share a buffer.
      for (const device of devices.values) device?.nohandler.series.set(device.nohandler.file.number());
    };
  },
};
