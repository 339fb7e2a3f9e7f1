import { type GpuReading, type GpuReport, pciAddress } from "./gpu-state.ts";
import { throttleReadings } from "./nvidia-throttle.ts";

interface Field {
  /** Names of the same thing; drivers have dropped and renamed some, and refuse the whole query for one they do not know. */
  readonly names: readonly string[];
  /** What a cell says; nothing where it holds no such value. */
  readonly read?: (cell: string) => readonly GpuReading[];
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
      const value = cellNumber(cell) * scale;
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

/** The first fields say which GPU it is. */
const IDENTITY: readonly Field[] = ["index", "uuid", "name", "driver_version", "pci.bus_id"].map((name) => ({ names: [name] }));

export const FIELDS: readonly Field[] = [
  ...IDENTITY,
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

  /** Leaves out a field that nvidia-smi does not know, or takes another name of it. False if it was not asked for. */
  refuse(refused: string): boolean {
    const before = this.#fields;
    this.#fields = before.flatMap((asked) => {
      if (asked.name !== refused) return [asked];
      const name = asked.field.names[asked.field.names.indexOf(refused) + 1];
      return name === undefined ? [] : [{ field: asked.field, name }];
    });
    return before.some(({ name }) => name === refused) && this.#fields.length >= IDENTITY.length;
  }

  /** The GPU of a line; undefined for one that is no answer to this query. */
  parse(line: string): GpuReport | undefined {
    const cells = line.split(", ").map((cell) => cell.trim());
    const [gpu = "", uuid = "", name = "", driver = "", bus = ""] = cells;
    if (cells.length !== this.#fields.length || !/^\d+$/.test(gpu)) return undefined;
    const readings = this.#fields.flatMap(({ field }, k) => field.read?.(cells[k]!) ?? []);
    const lost = cells.some((cell) => /GPU is lost/i.test(cell)) || readings.length === 0;
    const known = (cell: string): string => (/^\[|^N\/A$/.test(cell) ? "" : cell);
    const identity = { vendor: "nvidia", name: known(name), uuid: known(uuid), driver: known(driver), pci: pciAddress(known(bus)) } as const;
    return { gpu, identity, lost, readings };
  }
}
