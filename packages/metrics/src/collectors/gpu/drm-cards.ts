import { readdirSync, realpathSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { type Errand, Outpost } from "../outpost.ts";
import { AmdCard } from "./amd-card.ts";
import type { Card, CardPlace } from "./card.ts";
import { DrmClients } from "./drm-clients.ts";
import type { GpuIdentity, GpuReading, GpuSource, GpuState } from "./gpu-state.ts";
import { IntelCard } from "./intel-card.ts";
import { linkName, powerOf, textOf } from "./pci-gpus.ts";
import type { ProcessGroupsPlan } from "./process-groups.ts";

export interface DrmCardsOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly sysPath: string;
  readonly procPath: string;
  readonly groups?: ProcessGroupsPlan;
}

/** A driver whose GPU is being reset makes a reader of its files wait: a child reads them. Each line behind the number of its file. */
const READ_EACH =
  'read -r up rest </proc/uptime && echo "up $up"; n=0; for file; do while read -r line; do echo "$n $line"; done <"$file"; n=$((n+1)); done; exit 0';
/** How long a scrape waits for that child, which takes some 5 ms where nothing is wrong. */
const FRESH_MS = 50;
/** Values that are older are not told. */
const TOO_OLD_MS = 60_000;

interface Watched {
  readonly gpu: string;
  readonly device: string;
  readonly card: Card;
  readonly errand: Errand;
  identity: GpuIdentity;
  readings: readonly GpuReading[];
  /** Answers of the errand that were taken. */
  taken: number;
  suspended: boolean;
}

/** AMD's and Intel's GPUs, from what their drivers show in sysfs. One that sleeps is left alone: reading would wake it. */
export class DrmCards implements GpuSource {
  readonly name = "sysfs";
  readonly failures = 0;
  readonly #options: DrmCardsOptions;
  readonly #outpost: Outpost;
  readonly #clients: DrmClients | undefined;
  #layout = "";
  #cards: readonly Watched[] = [];
  failure = "";
  tried = false;

  constructor(options: DrmCardsOptions) {
    this.#options = options;
    this.#outpost = new Outpost({ clock: options.clock });
    const { groups, procPath } = options;
    if (groups !== undefined) this.#clients = new DrmClients({ outpost: this.#outpost, procPath, groups });
  }

  async fresh(): Promise<void> {
    this.#refresh();
    const waiting = this.#cards.filter(({ errand, taken }) => errand.answers === taken && errand.failure === "");
    for (let waited = 0; waited < FRESH_MS && waiting.some(({ errand, taken, suspended }) => !suspended && errand.answers === taken); waited += 2)
      await setTimeout(2);
  }

  read(): readonly GpuState[] {
    this.tried = true;
    this.failure = "";
    const clients = this.#clients?.read();
    return this.#cards.map((watched) => {
      const { gpu, errand, card, identity } = watched;
      if (watched.suspended) return { gpu, identity, condition: "suspended", readings: [] };
      if (errand.answers !== watched.taken) {
        watched.taken = errand.answers;
        const told = card.understand(linesOf(errand.answer!));
        watched.identity = { ...identity, ...told.identity };
        watched.readings = told.readings;
        if (told.readings.length === 0) this.failure = `${gpu}: none of its files can be read`;
      }
      if (errand.ageMs > TOO_OLD_MS) {
        if (errand.failure === "") return { gpu, identity, condition: "up", readings: [] }; // not asked for long
        return { gpu, identity, condition: "lost", readings: [] };
      }
      const readings = [...watched.readings, ...(clients?.get(identity.pci) ?? [])];
      return { gpu, identity: watched.identity, condition: "up", ageSeconds: errand.ageMs / 1000, readings };
    });
  }

  async settled(): Promise<void> {
    this.#refresh();
    await this.#outpost.settled();
  }

  close(): void {
    this.#outpost.close();
  }

  #refresh(): void {
    this.#look();
    // A little less than the interval: scrapes that come as often must not miss every second time.
    const everyMs = this.#options.everyMs * 0.9;
    for (const watched of this.#cards) {
      watched.suspended = powerOf(watched.device).suspended;
      if (!watched.suspended) watched.errand.refresh(everyMs);
    }
    if (this.#cards.some(({ suspended }) => !suspended)) this.#clients?.refresh(everyMs);
  }

  /** Finds the cards, again when they have changed. */
  #look(): void {
    const base = `${this.#options.sysPath}/class/drm`;
    let names: string[] = [];
    try {
      names = readdirSync(base).filter((name) => /^card\d+$/.test(name));
    } catch {
      // No graphics at all.
    }
    if (names.join() === this.#layout) return;
    this.#layout = names.join();
    const before = new Map(this.#cards.map((watched) => [watched.gpu, watched]));
    this.#cards = names.flatMap((gpu) => before.get(gpu) ?? this.#watch(gpu, `${base}/${gpu}`) ?? []);
  }

  #watch(gpu: string, folder: string): Watched | undefined {
    const device = `${folder}/device`;
    const vendor = textOf(`${device}/vendor`);
    const known = vendor === "0x1002" ? "amd" : vendor === "0x8086" ? "intel" : undefined;
    if (known === undefined) return undefined;
    const place: CardPlace = { folder, device, hwmon: hwmonOf(device) };
    const card = known === "amd" ? new AmdCard(place) : new IntelCard(place);
    const name = `${known === "amd" ? "AMD" : "Intel"} ${textOf(`${device}/device`).replace(/^0x/, "")}`.trim();
    const identity = { vendor: known, name, uuid: "", driver: linkName(`${device}/driver`), pci: addressOf(device) } as const;
    const errand = this.#outpost.errand("sh", ["-c", READ_EACH, "sh", ...card.files]);
    return { gpu, device, card, errand, identity, readings: [], taken: 0, suspended: false };
  }
}

/** The answer as lines of each file, by the file's number; "up" holds the machine's uptime. */
function linesOf(answer: string): ReadonlyMap<string, readonly string[]> {
  const lines = new Map<string, string[]>();
  for (const line of answer.split("\n")) {
    const space = line.indexOf(" ");
    if (space === -1) continue;
    const file = line.slice(0, space);
    const before = lines.get(file);
    if (before === undefined) lines.set(file, [line.slice(space + 1)]);
    else before.push(line.slice(space + 1));
  }
  return lines;
}

function hwmonOf(device: string): string | undefined {
  try {
    const [first] = readdirSync(`${device}/hwmon`).filter((name) => name.startsWith("hwmon"));
    return first === undefined ? undefined : `${device}/hwmon/${first}`;
  } catch {
    return undefined;
  }
}

/** The PCI address; "" for a GPU that is no PCI device. */
function addressOf(device: string): string {
  try {
    const [last = ""] = realpathSync(device).split("/").slice(-1);
    return /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.\d$/.test(last) ? last : "";
  } catch {
    return "";
  }
}
