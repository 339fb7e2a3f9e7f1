import { Buffer } from "node:buffer";
import type { KernelFile } from "../kernel-file.ts";
import { KeyTable } from "../key-table.ts";
import type { Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";

/** node_exporter's default, of the several hundred that there are. */
const WANTED = new RegExp(
  "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)" +
    "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)" +
    "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)" +
    "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$",
);

/** `node_netstat_<protocol>_<field>` of /proc/net/{netstat,snmp,snmp6}. */
export const netstat: HostPart = {
  name: "netstat",
  open(host) {
    const readers = [pairsOfLines(host, host.proc("net/netstat")), pairsOfLines(host, host.proc("net/snmp"))];
    const ipv6 = lines(host, host.proc("net/snmp6"));
    return () => {
      for (const read of readers) read();
      try {
        ipv6();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error; // a machine without IPv6
      }
    };
  },
};

const series = ({ readings }: HostContext, protocol: string, field: string): Series | undefined => {
  const name = `${protocol}_${field}`;
  return WANTED.test(name) ? readings.untyped(`node_netstat_${name}`, `Field ${field} of protocol ${protocol}.`) : undefined;
};

interface Layout {
  /** The line of names, as it stands in the file. */
  readonly names: Buffer;
  readonly fields: readonly (Series | undefined)[];
}

/** "Tcp: RtoMin RtoMax …" and below it "Tcp: 200 120000 …". A line of names is parsed when it changes, which it does not while a kernel runs. */
function pairsOfLines(host: HostContext, file: KernelFile): () => void {
  const layouts: Layout[] = [];
  return () => {
    const text = file.read();
    for (let k = 0; text.at < text.end; k++) {
      const from = text.at;
      const known = layouts[k];
      const { bytes } = text;
      const to = from + (known?.names.length ?? 0);
      if (known === undefined || to > text.end || bytes.compare(known.names, 0, known.names.length, from, to) !== 0) {
        const [protocol = "", ...fields] = text.line().split(" ");
        const names = Buffer.from(bytes.subarray(from, text.at));
        layouts[k] = { names, fields: fields.map((field) => series(host, protocol.slice(0, -1), field)) };
      } else text.at = to;
      text.word(); // the protocol again
      const { fields } = layouts[k]!;
      for (const field of fields) {
        if (field === undefined) text.word();
        else field.set(text.number());
      }
      text.nextLine();
    }
  };
}

/** "Ip6InReceives    123": a field a line, the protocol up to its 6. */
function lines(host: HostContext, file: KernelFile): () => void {
  const keys = new KeyTable((key) => {
    const six = key.indexOf("6") + 1;
    return six === 0 ? undefined : series(host, key.slice(0, six), key.slice(six));
  });
  return () => {
    const text = file.read();
    keys.begin();
    while (text.word()) {
      keys.of(text)?.set(text.number());
      text.nextLine();
    }
    keys.end();
  };
}
