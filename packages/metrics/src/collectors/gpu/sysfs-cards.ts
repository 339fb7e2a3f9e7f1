import { basename } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Clock } from "../../core/clock.ts";
import { type Errand, Outpost } from "../outpost.ts";
import { METRICS_BYTES } from "./amd-card.ts";
import { DrmClients } from "./drm-clients.ts";
import { cardAt, cardPlaces, type FoundCard } from "./find-cards.ts";
import { type GpuIdentity, type GpuReading, type GpuSource, type GpuState, isIdle } from "./gpu-state.ts";
import { powerOf, textOf } from "./pci-gpus.ts";
import type { ProcessGroupsPlan } from "./process-groups.ts";

export interface SysfsCardsOptions {
  readonly clock: Clock;
  readonly everyMs: number;
  readonly sysPath: string;
  readonly procPath: string;
  readonly groups?: ProcessGroupsPlan;
}

/**
 * A driver whose GPU is being reset makes a reader of its files wait: a child reads them. Each line behind the number of its file; of a file that is
 * no text, the first bytes in decimal.
 */
const READ_EACH = `
read -r up rest </proc/uptime && echo "up $up"
n=0
for file; do
  case $file in
    */gpu_metrics) od -An -v -tu1 -N ${METRICS_BYTES} "$file" | while read -r line; do echo "$n $line"; done ;;
    *) while read -r line; do echo "$n $line"; done <"$file" ;;
  esac
  n=$((n+1))
done
exit 0`;
/** How long a scrape waits for that child, which takes some 5 ms where nothing is wrong. */
const FRESH_MS = 50;
/** Values that are older are not told. */
const TOO_OLD_MS = 60_000;
/**
 * Each reading starts the time anew after which an idle GPU falls asleep (`autosuspend_delay_ms`, 5 s for amdgpu). So one that may sleep and does
 * nothing is left alone for twice that time.
 */
const [REST_DELAYS, LONGEST_REST_MS] = [2, 30_000];

interface Watched extends FoundCard {
  /** The files that the errand reads. */
  files: readonly string[];
  errand: Errand;
  /** Whether it was asked for this scrape. */
  asked: boolean;
  askedAt: number;
  identity: GpuIdentity;
  readings: readonly GpuReading[];
  /** Answers of the errand that were taken. */
  taken: number;
  suspended: boolean;
}

/** GPUs of AMD, Intel and small computers, from what their drivers show in sysfs. One that sleeps is left alone: reading would wake it. */
export class SysfsCards implements GpuSource {
  readonly name = "sysfs";
  readonly absence = "";
  readonly failures = 0;
  readonly #options: SysfsCardsOptions;
  readonly #outpost: Outpost;
  readonly #clients: DrmClients | undefined;
  #layout = "";
  #cards: readonly Watched[] = [];
  failure = "";
  tried = false;

  constructor(options: SysfsCardsOptions) {
    this.#options = options;
    this.#outpost = new Outpost({ clock: options.clock });
    const { groups, procPath } = options;
    if (groups !== undefined) this.#clients = new DrmClients({ outpost: this.#outpost, procPath, groups });
  }

  async fresh(): Promise<void> {
    this.#refresh();
    const waiting = this.#cards.filter(({ asked, errand }) => asked && errand.failure === "");
    for (let waited = 0; waited < FRESH_MS && waiting.some(({ errand, taken }) => errand.answers === taken); waited += 2) await setTimeout(2);
  }

  read(): readonly GpuState[] {
    this.tried = true;
    this.failure = "";
    const clients = this.#clients?.read();
    return this.#cards.map((watched) => {
      const { gpu, errand } = watched;
      if (watched.suspended) return { gpu, identity: watched.identity, condition: "suspended", readings: [] };
      if (errand.answers !== watched.taken) this.#take(watched);
      const { identity } = watched;
      if (errand.ageMs > TOO_OLD_MS) {
        if (errand.failure === "") return { gpu, identity, condition: "up", readings: [] }; // not asked for long
        return { gpu, identity, condition: "lost", why: `its driver's files: ${errand.failure}`, readings: [] };
      }
      const readings = [...watched.readings, ...(clients?.get(identity.pci) ?? [])];
      return { gpu, identity, condition: "up", ageSeconds: errand.ageMs / 1000, readings };
    });
  }

  async settled(): Promise<void> {
    this.#refresh();
    await this.#outpost.settled();
  }

  close(): void {
    this.#outpost.close();
  }

  /** What the files said. */
  #take(watched: Watched): void {
    const { gpu, card, errand, identity } = watched;
    watched.taken = errand.answers;
    const told = card.understand(linesOf(errand.answer!));
    watched.identity = { ...identity, ...told.identity };
    watched.readings = told.readings;
    if (told.readings.length === 0) this.failure = `GPU ${gpu} (${watched.identity.name}): none of its driver's files can be read`;
  }

  #refresh(): void {
    this.#look();
    const now = this.#options.clock.now();
    for (const watched of this.#cards) {
      const { suspended, maySleep } = powerOf(watched.device);
      watched.suspended = suspended;
      // A little less than the interval: scrapes that come as often must not miss every second time.
      const pauseMs = Math.max(this.#options.everyMs * 0.9, maySleep && isIdle(watched.readings) ? restOf(watched.device) : 0);
      watched.asked = !suspended && now - watched.askedAt >= pauseMs;
      if (!watched.asked) continue;
      watched.askedAt = now;
      if (watched.files !== watched.card.files) this.#readOther(watched);
      watched.errand.refresh(0);
    }
    if (this.#cards.some(({ suspended }) => !suspended)) this.#clients?.refresh(this.#options.everyMs * 0.9);
  }

  /** A card has learned that one of its files is of no use. */
  #readOther(watched: Watched): void {
    watched.files = watched.card.files;
    watched.errand = this.#errand(watched.files);
    watched.taken = 0;
  }

  #errand(files: readonly string[]): Errand {
    return this.#outpost.errand("sh", ["-c", READ_EACH, "sh", ...files]);
  }

  /** Finds the cards, again when they have changed. */
  #look(): void {
    const { sysPath } = this.#options;
    const places = cardPlaces(sysPath);
    const layout = places.join();
    if (layout === this.#layout) return;
    this.#layout = layout;
    const before = new Map(this.#cards.map((watched) => [watched.gpu, watched]));
    this.#cards = places.flatMap((folder) => before.get(basename(folder)) ?? this.#watch(folder) ?? []);
  }

  #watch(folder: string): Watched | undefined {
    const found = cardAt(folder);
    if (found === undefined) return undefined;
    const { files } = found.card;
    const never = Number.NEGATIVE_INFINITY;
    return { ...found, files, errand: this.#errand(files), asked: false, askedAt: never, readings: [], taken: 0, suspended: false };
  }
}

/** For how long an idle card is left alone, so that it can fall asleep. */
function restOf(device: string): number {
  const delayMs = Number.parseInt(textOf(`${device}/power/autosuspend_delay_ms`), 10);
  return delayMs > 0 ? Math.min(delayMs * REST_DELAYS, LONGEST_REST_MS) : 0;
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
