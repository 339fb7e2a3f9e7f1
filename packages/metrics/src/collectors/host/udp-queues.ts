import type { KernelFile } from "../kernel-file.ts";
import type { HostPart } from "./part.ts";

const COLON = 58;

/** `node_udp_queues{ip,queue}`: what waits in the queues of all UDP sockets, in bytes. */
export const udpQueues: HostPart = {
  name: "udp_queues",
  open({ readings, proc }) {
    const help = "Bytes that wait in the queues of UDP sockets.";
    const queues = readings.gauges("node_udp_queues", { help, labels: ["queue", "ip"] });
    const versions = [
      { ip: "v4", file: proc("net/udp") },
      { ip: "v6", file: proc("net/udp6") },
    ].map(({ ip, file }) => ({ file, tx: queues.of("tx", ip), rx: queues.of("rx", ip) }));
    return () => {
      let failure: unknown;
      let read = 0;
      for (const { file, tx, rx } of versions) {
        try {
          const [sent, received] = sums(file);
          tx.set(sent);
          rx.set(received);
          read++;
        } catch (error) {
          failure = error; // a kernel without this version of IP
        }
      }
      if (read === 0) throw failure;
    };
  },
};

/** "  12: 0100007F:0143 00000000:0000 07 00000000:00000000 …": the fifth word is what waits to be sent, and what was received. */
function sums(file: KernelFile): readonly [sent: number, received: number] {
  const text = file.read();
  let sent = 0;
  let received = 0;
  text.nextLine();
  for (; text.at < text.end; text.nextLine()) {
    for (let word = 0; word < 4; word++) text.word();
    sent += text.hex() || 0;
    if (text.bytes[text.at] === COLON) text.at++;
    received += text.hex() || 0;
  }
  return [sent, received];
}
