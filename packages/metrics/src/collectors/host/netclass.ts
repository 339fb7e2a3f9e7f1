import { readdirSync } from "node:fs";
import type { KernelFile } from "../kernel-file.ts";
import { Facts, type ReadingFamily, type Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";

const BYTES_PER_MEGABIT = 1_000_000 / 8;
/** What an administrator set is read again after so long, or when the link or the flags have changed. */
const SETTINGS_MS = 60_000;
const FLAG_UP = 1;

/** Attributes that are numbers: file, metric, help. */
const SETTINGS: readonly (readonly [file: string, metric: string, help: string])[] = [
  ["addr_assign_type", "address_assign_type", "How the address was assigned."],
  ["carrier", "carrier", "Whether there is a link."],
  ["carrier_up_count", "carrier_up_changes_total", "Times that the link came up."],
  ["carrier_down_count", "carrier_down_changes_total", "Times that the link went down."],
  ["dev_id", "device_id", "Number among devices that share an address."],
  ["dormant", "dormant", "Whether the interface waits for something before it can be used."],
  ["ifindex", "iface_id", "Number of the interface."],
  ["iflink", "iface_link", "Number of the interface below it."],
  ["link_mode", "iface_link_mode", "Link mode."],
  ["mtu", "mtu_bytes", "Largest packet, in bytes."],
  ["name_assign_type", "name_assign_type", "How the name was assigned."],
  ["netdev_group", "net_dev_group", "Group of the interface."],
  ["speed", "speed_bytes", "Speed of the link, in bytes a second."],
  ["tx_queue_len", "transmit_queue_length", "Packets that may wait to be sent."],
  ["type", "protocol_type", "Type of the interface, as in ARP."],
];

/** Interfaces as /sys/class/net has them: `node_network_up`, `_info`, `_carrier`, `_mtu_bytes`, `_speed_bytes` … {device}. */
export const netclass: HostPart = {
  name: "netclass",
  open(host) {
    const base = `${host.sysPath}/class/net`;
    const families = declare(host);
    const interfaces = new Map<string, Interface>();
    let scrape = 0;
    return () => {
      const names = readdirSync(base);
      scrape++;
      for (let k = 0; k < names.length; k++) {
        const name = names[k]!;
        if (host.ignore.interfaces.test(name) || name === "bonding_masters") continue; // that is a file
        let one = interfaces.get(name);
        if (one === undefined) interfaces.set(name, (one = new Interface(host, name, families)));
        one.seen = scrape;
        one.read();
      }
      for (const [name, one] of interfaces) {
        if (one.seen === scrape) continue;
        one.close();
        interfaces.delete(name);
      }
    };
  },
};

type Families = ReturnType<typeof declare>;

function declare({ readings }: HostContext) {
  const labels = ["device"];
  const facts = ["device", "address", "broadcast", "duplex", "operstate", "adminstate", "ifalias"];
  const of = (metric: string, help: string): ReadingFamily =>
    metric.endsWith("_total")
      ? readings.counters(`node_network_${metric}`, { help, labels })
      : readings.gauges(`node_network_${metric}`, { help, labels });
  return {
    up: of("up", "Whether the interface is up: its operstate."),
    changes: of("carrier_changes_total", "Times that the link came or went."),
    flags: of("flags", "Flags of the interface, as a number."),
    info: readings.gauges("node_network_info", { help: "What the interface is; always 1.", labels: facts }),
    settings: SETTINGS.map(([file, metric, help]) => ({ file, family: of(metric, help) })),
  };
}

class Interface {
  readonly #host: HostContext;
  readonly #path: string;
  readonly #state: KernelFile;
  readonly #changes: KernelFile;
  readonly #flags: KernelFile;
  readonly #series: { readonly up: Series; readonly changes: Series; readonly flags: Series };
  readonly #settings: readonly { readonly file: string; readonly series: Series; value: number }[];
  readonly #info: Facts;
  #facts: readonly string[] = [];
  #last = "";
  #readAt = Number.NEGATIVE_INFINITY;
  /** Number of the scrape that saw it last. */
  seen = 0;

  constructor(host: HostContext, name: string, families: Families) {
    this.#host = host;
    this.#path = `class/net/${name}`;
    this.#state = host.sys(`${this.#path}/operstate`);
    this.#changes = host.sys(`${this.#path}/carrier_changes`);
    this.#flags = host.sys(`${this.#path}/flags`);
    const { up, changes, flags, info, settings } = families;
    this.#series = { up: up.of(name), changes: changes.of(name), flags: flags.of(name) };
    this.#settings = settings.map(({ file, family }) => ({ file, series: family.of(name), value: Number.NaN }));
    this.#info = new Facts(info, name);
  }

  read(): void {
    const state = this.#state.string();
    const changes = this.#changes.number();
    const flags = hexOf(this.#flags);
    const now = `${state} ${changes} ${flags}`;
    const { clock } = this.#host;
    if (now !== this.#last || clock.now() - this.#readAt >= SETTINGS_MS) {
      this.#readSettings(state, flags);
      this.#last = now;
      this.#readAt = clock.now();
    }
    this.#series.up.set(state === "up" ? 1 : 0);
    this.#series.changes.set(changes);
    this.#series.flags.set(flags);
    this.#info.say(...this.#facts);
    for (let k = 0; k < this.#settings.length; k++) this.#settings[k]!.series.set(this.#settings[k]!.value);
  }

  close(): void {
    for (const file of [this.#state, this.#changes, this.#flags]) file.close();
  }

  /** What an interface does not have (a bridge's duplex, a dummy's speed) fails to be read, and throwing costs: another reason to do it seldom. */
  #readSettings(state: string, flags: number): void {
    const peek = (name: string): string => this.#host.files.peek(`${this.#host.sysPath}/${this.#path}/${name}`);
    for (const setting of this.#settings) {
      const text = peek(setting.file);
      const value = text.startsWith("0x") ? Number.parseInt(text, 16) : Number.parseFloat(text);
      // An unknown speed is -1 in the file; node_exporter tells it so, and will leave it out from 2.0 on.
      setting.value = setting.file !== "speed" ? value : value >= 0 ? value * BYTES_PER_MEGABIT : Number.NaN;
    }
    const admin = flags !== flags ? "unknown" : (flags & FLAG_UP) === 1 ? "up" : "down";
    this.#facts = [peek("address"), peek("broadcast"), peek("duplex"), state, admin, peek("ifalias")];
  }
}

function hexOf(file: KernelFile): number {
  try {
    return file.read().hex();
  } catch {
    return Number.NaN;
  }
}
