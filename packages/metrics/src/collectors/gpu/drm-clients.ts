import type { Errand, Outpost } from "../outpost.ts";
import type { GpuReading } from "./gpu-state.ts";
import { type ProcessGroupsPlan, processGrouping } from "./process-groups.ts";

/**
 * /proc/PID/fdinfo of all processes that may be read, and the command lines of those that use a GPU. In a child: it opens every descriptor of every
 * process, and both files can wait for a lock.
 */
const READ_CLIENTS = `
found=$(grep -rsE '^drm-(pdev|client-id|(engine|cycles|total-cycles)-[a-z0-9_-]+|(resident|memory)-[a-z0-9]+):' "$1"/[0-9]*/fdinfo)
echo "$found"
for pid in $(echo "$found" | sed -n 's|^.*/\\([0-9]*\\)/fdinfo/.*|\\1|p' | sort -u); do
  echo "command $pid $(tr '\\000\\n' '  ' <"$1/$pid/cmdline")"
done
read -r up rest </proc/uptime && echo "up $up"
exit 0`;

interface Client {
  readonly pci: string;
  readonly pid: string;
  /** Bytes of the GPU's own memory. */
  memory: number;
  /** Engine to its work for this client: nanoseconds, or cycles of the clock in `clocks`. */
  readonly busy: Map<string, number>;
}

interface Moment {
  readonly up: number;
  readonly clients: ReadonlyMap<string, Client>;
  /** By address and engine: how many engines of this kind there are, if more than one. */
  readonly capacities: ReadonlyMap<string, number>;
  /** By address and engine: cycles that have passed, of drivers that count those (xe). */
  readonly clocks: ReadonlyMap<string, number>;
}

/**
 * What processes do with GPUs whose drivers tell it in fdinfo (kernel: Documentation/gpu/drm-usage-stats.rst): amdgpu and i915 in nanoseconds, xe in
 * cycles of a clock that it tells as well.
 */
export class DrmClients {
  readonly #errand: Errand;
  readonly #groupOf: (commandLine: string) => string;
  #taken = 0;
  #before: Moment | undefined;
  /** Seconds by address, engine and group; they only grow, also when a process ends. */
  readonly #totals: Map<string, { pci: string; engine: string; group: string; seconds: number }> = new Map();
  #readings: ReadonlyMap<string, readonly GpuReading[]> = new Map();

  constructor({ outpost, procPath, groups }: { readonly outpost: Outpost; readonly procPath: string; readonly groups: ProcessGroupsPlan }) {
    this.#errand = outpost.errand("sh", ["-c", READ_CLIENTS, "sh", procPath]);
    this.#groupOf = processGrouping(groups);
  }

  refresh(everyMs: number): void {
    this.#errand.refresh(everyMs);
  }

  /** Readings by the GPU's address. */
  read(): ReadonlyMap<string, readonly GpuReading[]> {
    if (this.#errand.answers !== this.#taken) {
      this.#taken = this.#errand.answers;
      this.#readings = this.#understand(this.#errand.answer!);
    }
    return this.#readings;
  }

  #understand(answer: string): Map<string, GpuReading[]> {
    const { moment, commands } = parse(answer);
    const before = this.#before;
    this.#before = moment;
    const groups = new Map<string, { pci: string; group: string; memory: number; pids: Set<string> }>();
    const engines = new Map<string, { pci: string; engine: string; seconds: number }>();
    for (const [id, client] of moment.clients) {
      const group = this.#groupOf(commands.get(client.pid) ?? "");
      const sum = groups.get(`${client.pci} ${group}`) ?? { pci: client.pci, group, memory: 0, pids: new Set() };
      sum.memory += client.memory;
      sum.pids.add(client.pid);
      groups.set(`${client.pci} ${group}`, sum);
      const earlier = before?.clients.get(id)?.busy;
      for (const [engine, work] of client.busy) {
        const known = earlier?.get(engine) ?? 0;
        // "userspace is expected to stay with that larger previous value until a monotonic update is seen"
        client.busy.set(engine, Math.max(work, known));
        // One that was not there the last time has done all of its work since then; at the first look nobody knows.
        const seconds = before === undefined ? 0 : Math.max(0, work - known) * secondsOf(`${client.pci} ${engine}`, before, moment);
        const total = this.#totals.get(`${client.pci} ${engine} ${group}`) ?? { pci: client.pci, engine, group, seconds: 0 };
        total.seconds += seconds;
        this.#totals.set(`${client.pci} ${engine} ${group}`, total);
        const busy = engines.get(`${client.pci} ${engine}`) ?? { pci: client.pci, engine, seconds: 0 };
        busy.seconds += seconds;
        engines.set(`${client.pci} ${engine}`, busy);
      }
    }
    const readings = new Map<string, GpuReading[]>();
    const say = (pci: string, ...said: readonly GpuReading[]): void => void readings.set(pci, [...(readings.get(pci) ?? []), ...said]);
    for (const { pci, group, memory, pids } of groups.values()) say(pci, ["processes", pids.size, group], ["processMemory", memory, group]);
    for (const { pci, engine, group, seconds } of this.#totals.values()) say(pci, ["processBusy", seconds, engine, group]);
    const passed = before === undefined ? Number.NaN : moment.up - before.up;
    for (const [key, { pci, engine, seconds }] of engines) {
      const ratio = seconds / passed / (moment.capacities.get(key) ?? 1);
      if (passed > 0) say(pci, ["utilization", Math.min(1, ratio), engine]);
    }
    return readings;
  }
}

/** Seconds of a unit of work: a nanosecond, or a cycle. */
function secondsOf(engine: string, before: Moment, now: Moment): number {
  const cycles = now.clocks.get(engine);
  if (cycles === undefined) return 1e-9;
  const passed = cycles - (before.clocks.get(engine) ?? Number.NaN);
  return passed > 0 ? (now.up - before.up) / passed : 0;
}

function parse(answer: string): { moment: Moment; commands: Map<string, string> } {
  const files = new Map<string, { pid: string; values: Map<string, string> }>();
  const commands = new Map<string, string>();
  let up = Number.NaN;
  for (const line of answer.split("\n")) {
    const [, pid, fd, key, value] = /\/(\d+)\/fdinfo\/(\d+):drm-([a-z0-9_-]+):\s*(.*)$/.exec(line) ?? [];
    if (pid !== undefined) {
      const file = files.get(`${pid} ${fd}`) ?? { pid, values: new Map<string, string>() };
      file.values.set(key!, value!);
      files.set(`${pid} ${fd}`, file);
      continue;
    }
    const [, owner, command] = /^command (\d+) (.*)$/.exec(line) ?? [];
    if (owner !== undefined) commands.set(owner, command!.trim());
    else if (line.startsWith("up ")) up = Number.parseFloat(line.slice(3));
  }
  const clients = new Map<string, Client>();
  const capacities = new Map<string, number>();
  const clocks = new Map<string, number>();
  for (const { pid, values } of files.values()) {
    const pci = values.get("pdev");
    const id = values.get("client-id");
    // Descriptors that were duplicated or inherited are one client.
    if (pci === undefined || id === undefined || clients.has(`${pci} ${id}`)) continue;
    const busy = new Map<string, number>();
    for (const [key, value] of values) {
      const [, kind, engine = ""] = /^(engine-capacity|engine|cycles|total-cycles)-(.+)$/.exec(key) ?? [];
      const name = engine.replaceAll("-", "_");
      const amount = Number.parseFloat(value);
      if (kind === "engine-capacity" && amount > 0) capacities.set(`${pci} ${name}`, amount);
      else if (kind === "engine" && value.endsWith(" ns")) busy.set(name, amount);
      // Where time is told, too, it is the better of the two.
      if (values.has(`engine-${engine}`) || !values.has(`total-cycles-${engine}`)) continue;
      if (kind === "cycles") busy.set(name, amount);
      else if (kind === "total-cycles") clocks.set(`${pci} ${name}`, Math.max(amount, clocks.get(`${pci} ${name}`) ?? 0));
    }
    clients.set(`${pci} ${id}`, { pci, pid, memory: memoryOf(values), busy });
  }
  return { moment: { up, clients, capacities, clocks }, commands };
}

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1_048_576, GiB: 1_073_741_824 };

/** Memory of the GPU's own regions: vram (amdgpu), vram0 (xe), local0 (i915). What lies in the machine's memory is not among it. */
function memoryOf(values: ReadonlyMap<string, string>): number {
  let bytes = 0;
  for (const region of ["vram", "vram0", "vram1", "local0", "local1"]) {
    const [amount = "0", unit = ""] = (values.get(`resident-${region}`) ?? values.get(`memory-${region}`) ?? "").split(" ");
    bytes += (Number(amount) || 0) * (UNITS[unit] ?? 1);
  }
  return bytes;
}
