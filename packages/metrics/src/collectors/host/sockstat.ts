import { readFileSync } from "node:fs";
import { endianness } from "node:os";
import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";

const COLON = 58;

/** Sockets by protocol: `node_sockstat_sockets_used`, `node_sockstat_TCP_{inuse,orphan,tw,alloc,mem,mem_bytes}`, … and the same of IPv6. */
export const sockstat: HostPart = {
  name: "sockstat",
  open(host) {
    const pages = pageSize();
    const reader = protocols(host, pages);
    const files = [host.proc("net/sockstat"), host.proc("net/sockstat6")];
    return () => {
      let failure: unknown;
      let read = 0;
      for (const file of files) {
        try {
          reader(file);
          read++;
        } catch (error) {
          failure = error; // a kernel without IPv6, or without IPv4
        }
      }
      if (read === 0) throw failure;
    };
  },
};

type Protocol = KeyTable<{ readonly count: Series; readonly bytes: Series | undefined }>;

function protocols({ readings }: HostContext, pageBytes: number): (file: KernelFile) => void {
  const field = (protocol: string, name: string): { count: Series; bytes: Series | undefined } => {
    const metric = `node_sockstat_${protocol}_${name}`;
    const what = protocol === "sockets" ? "Sockets in use." : `${protocol} sockets: ${name}${name === "mem" ? ", in pages" : ""}.`;
    const bytes = name === "mem" ? readings.gauge(`${metric}_bytes`, `${protocol} sockets: memory, in bytes.`) : undefined;
    return { count: readings.gauge(metric, what), bytes };
  };
  const tables = new Map<KernelFile, KeyTable<Protocol>>();
  return (file) => {
    const text = file.read();
    let table = tables.get(file);
    if (table === undefined) tables.set(file, (table = new KeyTable((protocol) => new KeyTable((name) => field(protocol, name)))));
    table.begin();
    while (text.word(COLON)) {
      const fields = table.of(text);
      text.at++;
      fields.begin();
      while (text.word()) {
        const { count, bytes } = fields.of(text);
        const value = text.number();
        count.set(value);
        bytes?.set(value * pageBytes);
      }
      fields.end();
      text.nextLine();
    }
    table.end();
  };
}

/** Bytes of a page of memory: entry AT_PAGESZ (6) of what the kernel gave this process; Node has no call for it. */
function pageSize(): number {
  try {
    const vector = readFileSync("/proc/self/auxv");
    const word = (at: number): number => Number(endianness() === "LE" ? vector.readBigUInt64LE(at) : vector.readBigUInt64BE(at));
    for (let at = 0; at + 16 <= vector.length; at += 16) if (word(at) === 6) return word(at + 8);
  } catch {
    // Not Linux, or not 64 bits.
  }
  return 4096;
}
