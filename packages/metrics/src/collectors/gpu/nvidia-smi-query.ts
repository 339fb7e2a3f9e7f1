import { scaled } from "./card.ts";
import { type GpuIdentity, type GpuReading, type GpuReport, pciAddress } from "./gpu-state.ts";
import { throttleReadings } from "./nvidia-throttle.ts";

interface Field {
  /** Names of the same thing; drivers have dropped and renamed some, and refuse the whole query for one they do not know. */
  readonly names: readonly string[];
  /** What a cell says; nothing where it holds no such value. */
  readonly read?: (cell: string) => readonly GpuReading[];
  /** What the cell says of which GPU it is. */
  readonly identity?: "gpu" | Exclude<keyof GpuIdentity, "vendor">;
}

const MIB = 1_048_576;
const MHZ = 1_000_000;

/** A number such as 42, 312.34 or P8; NaN for "N/A", "[Not Supported]", "[GPU is lost]" and whatever else stands where no number is. */
export const cellNumber = (cell: string): number => (/^P?\d+(\.\d+)?$/.test(cell) ? Number(cell.replace("P", "")) : Number.NaN);

function field(name: string, metric: GpuReading[0], ...[scale, labels = []]: readonly [number, (readonly string[])?]): Field {
  return fieldOf([name], metric, { scale, labels });
}

function fieldOf(names: readonly string[], metric: GpuReading[0], { scale, labels = [] }: { scale: number; labels?: readonly string[] }): Field {
  return {
    names,
    read: (cell) => {
      const value = scaled(cellNumber(cell), scale);
      return Number.isNaN(value) ? [] : [[metric, value, ...labels]];
    },
  };
}

const yes = (name: string, metric: GpuReading[0], word: string): Field => ({
  names: [name],
  read: (cell) => (cell === word ? [[metric, 1]] : /^(No|Disabled)$/.test(cell) ? [[metric, 0]] : []),
});

const ecc = (type: string, scope: string): Field => field(`ecc.errors.${type}.${scope}.total`, "eccErrors", 1, [type, scope]);
const throttledTime = (reason: string): Field => field(`clocks_event_reasons_counters.${reason}`, "throttledTime", 1e-6, [reason]);

/** What would make the GPU healthy again, in nvidia-smi's words. */
const RECOVERIES: readonly (readonly [words: string, action: string])[] = [
  ["GPU Reset", "gpu_reset"],
  ["Node Reboot", "node_reboot"],
  ["Drain P2P", "drain_p2p"],
  ["Drain and Reset", "drain_and_reset"],
];
const recoveries = (cell: string): readonly GpuReading[] =>
  cell === "None" || RECOVERIES.some(([words]) => words === cell)
    ? RECOVERIES.map(([words, action]) => ["recoveryNeeded", cell === words ? 1 : 0, action])
    : [];

const FIELDS: readonly Field[] = [
  { names: ["index"], identity: "gpu" },
  { names: ["uuid", "gpu_uuid"], identity: "uuid" },
  { names: ["name", "gpu_name"], identity: "name" },
  // Deprecated with driver 610.
  { names: ["driver_version", "kmd_version"], identity: "driver" },
  { names: ["pci.bus_id", "gpu_bus_id"], identity: "pci" },
  field("utilization.gpu", "utilization", 0.01, ["gpu"]),
  field("utilization.memory", "utilization", 0.01, ["memory"]),
  field("utilization.encoder", "utilization", 0.01, ["encoder"]),
  field("utilization.decoder", "utilization", 0.01, ["decoder"]),
  field("utilization.jpeg", "utilization", 0.01, ["jpeg"]),
  field("utilization.ofa", "utilization", 0.01, ["optical_flow"]),
  field("memory.total", "memoryTotal", MIB),
  field("memory.used", "memoryUsed", MIB),
  field("memory.free", "memoryFree", MIB),
  field("memory.reserved", "memoryReserved", MIB),
  field("temperature.gpu", "temperature", 1, ["gpu"]),
  field("temperature.memory", "temperature", 1, ["memory"]),
  field("power.draw", "power", 1),
  field("enforced.power.limit", "powerLimit", 1),
  fieldOf(["clocks.current.graphics", "clocks.gr"], "clock", { scale: MHZ, labels: ["graphics"] }),
  fieldOf(["clocks.current.sm", "clocks.sm"], "clock", { scale: MHZ, labels: ["sm"] }),
  fieldOf(["clocks.current.memory", "clocks.mem"], "clock", { scale: MHZ, labels: ["memory"] }),
  fieldOf(["clocks.current.video", "clocks.video"], "clock", { scale: MHZ, labels: ["video"] }),
  fieldOf(["clocks.max.graphics", "clocks.max.gr"], "clockMax", { scale: MHZ, labels: ["graphics"] }),
  field("clocks.max.sm", "clockMax", MHZ, ["sm"]),
  fieldOf(["clocks.max.memory", "clocks.max.mem"], "clockMax", { scale: MHZ, labels: ["memory"] }),
  field("fan.speed", "fan", 0.01),
  field("pstate", "performanceState", 1),
  {
    names: ["clocks_event_reasons.active", "clocks_throttle_reasons.active"],
    read: (cell) => (/^0x[0-9a-f]+$/i.test(cell) ? throttleReadings(Number(cell)) : []),
  },
  ...["sw_power_cap", "sw_thermal_slowdown", "hw_thermal_slowdown", "hw_power_brake_slowdown", "sync_boost"].map(throttledTime),
  ecc("corrected", "volatile"),
  ecc("uncorrected", "volatile"),
  ecc("corrected", "aggregate"),
  ecc("uncorrected", "aggregate"),
  fieldOf(["retired_pages.single_bit_ecc.count", "retired_pages.sbe"], "retiredPages", { scale: 1, labels: ["corrected"] }),
  fieldOf(["retired_pages.double_bit.count", "retired_pages.dbe"], "retiredPages", { scale: 1, labels: ["uncorrected"] }),
  yes("retired_pages.pending", "remapPending", "Yes"),
  fieldOf(["remapped_rows.correctable", "remapped_rows.sbe"], "remappedRows", { scale: 1, labels: ["corrected"] }),
  fieldOf(["remapped_rows.uncorrectable", "remapped_rows.dbe"], "remappedRows", { scale: 1, labels: ["uncorrected"] }),
  // Since Ampere, in place of the pages.
  yes("remapped_rows.pending", "remapPending", "Yes"),
  yes("remapped_rows.failure", "remapFailed", "Yes"),
  { names: ["gpu_recovery_action"], read: recoveries },
  fieldOf(["pcie.link.gen.current", "pcie.link.gen.gpucurrent"], "pcieGeneration", { scale: 1 }),
  field("pcie.link.gen.max", "pcieGenerationMax", 1),
  field("pcie.link.width.current", "pcieWidth", 1),
  field("pcie.link.width.max", "pcieWidthMax", 1),
  yes("mig.mode.current", "migEnabled", "Enabled"),
];

/** Which fields this machine's nvidia-smi is asked for, and what its lines mean. */
export class SmiQuery {
  /** Each with the name that is in use. */
  #fields: readonly { readonly field: Field; readonly name: string }[] = FIELDS.map((field) => ({ field, name: field.names[0]! }));

  get argument(): string {
    return `--query-gpu=${this.#fields.map(({ name }) => name).join(",")}`;
  }

  /** Leaves out a field that nvidia-smi does not know, or takes another name of it. False if it was not asked for, or nothing works without it. */
  refuse(refused: string): boolean {
    const before = this.#fields;
    this.#fields = before.flatMap((asked) => {
      if (asked.name !== refused) return [asked];
      const name = asked.field.names[asked.field.names.indexOf(refused) + 1];
      return name === undefined ? [] : [{ field: asked.field, name }];
    });
    return before.some(({ name }) => name === refused) && this.#fields.some(({ name }) => name === "index");
  }

  /** Asks only for what nvidia-smi's own list of its fields holds, under the names that it has there. */
  restrict(known: ReadonlySet<string>): void {
    if (!known.has("index")) return; // no such list
    this.#fields = FIELDS.flatMap((field) => {
      const name = field.names.find((one) => known.has(one));
      return name === undefined ? [] : [{ field, name }];
    });
  }

  /** The GPU of a line; undefined for one that is no answer to this query. */
  parse(line: string): GpuReport | undefined {
    const cells = line.split(", ").map((cell) => cell.trim());
    if (cells.length !== this.#fields.length) return undefined;
    const told = { gpu: "", uuid: "", name: "", driver: "", pci: "" };
    for (const [k, { field }] of this.#fields.entries()) if (field.identity !== undefined) told[field.identity] = known(cells[k]!);
    const { gpu, pci, ...identity } = told;
    if (!/^\d+$/.test(gpu)) return undefined;
    const readings = this.#fields.flatMap(({ field }, k) => field.read?.(cells[k]!) ?? []);
    const report = { gpu, identity: { vendor: "nvidia", ...identity, pci: pciAddress(pci) } } as const;
    // Nothing but "[N/A]" is no bad news: so answers Jetson's nvidia-smi. One error among values is that value's.
    const lost = cells.find((cell) => /GPU is lost|requires reset/i.test(cell) || (readings.length === 0 && /unknown error/i.test(cell)));
    if (lost === undefined) return { ...report, lost: false, readings };
    return { ...report, lost: true, why: lost.replace(/^\[(.*)\]$/, "$1"), readings: [] };
  }
}

/** "" for a cell that says that there is nothing. */
const known = (cell: string): string => (/^\[|^N\/A$/.test(cell) ? "" : cell);
