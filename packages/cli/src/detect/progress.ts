import type { DetectSummary } from "@inferometer/vision";
import type { Output } from "../surroundings.ts";
import type { Style } from "../terminal/style.ts";
import { clock, count, duration, percent, rate } from "../terminal/units.ts";

/** How far back the rate looks from which the time left is told. */
const WINDOW_SECONDS = 10;
const BAR = 24;
const CLEAR = "\r\x1b[K";

export interface ProgressOptions {
  /** Redraw one line (a terminal), or write a line now and then (a file, a log). */
  readonly mode: "redrawn" | "lines";
  readonly style: Style;
  /** Blocks for the bar; else # and -. */
  readonly unicode: boolean;
}

interface Moment {
  readonly seconds: number;
  readonly done: number;
  readonly looked: number;
}

/** Shows how far the work is. */
export class Progress {
  readonly #output: Output;
  readonly #options: ProgressOptions;
  readonly #moments: Moment[] = [{ seconds: 0, done: 0, looked: 0 }];
  #shown = false;

  constructor(output: Output, options: ProgressOptions) {
    this.#output = output;
    this.#options = options;
  }

  /** Shows what the summary says. */
  update(summary: DetectSummary): void {
    const pieces = this.#pieces(summary);
    if (this.#options.mode === "lines") {
      this.#output.write(`inferometer: ${pieces.map(({ text }) => text).join(", ")}\n`);
      return;
    }
    // The last column stays free: some terminals break the line there.
    const width = Math.max(20, (this.#output.columns ?? 80) - 1);
    const expected = summary.expectedFrames;
    const bar = expected === undefined ? "" : this.#bar(doneOf(summary) / Math.max(1, expected));
    const fits = (some: readonly Piece[], extra: number): boolean => some.reduce((sum, { text }) => sum + text.length + 2, -2) + extra <= width;
    let room = bar === "" ? 0 : BAR + 2;
    let kept = pieces;
    if (!fits(kept, room)) room = 0;
    while (kept.length > 1 && !fits(kept, room)) {
      const least = Math.min(...kept.map(({ worth }) => worth));
      kept = kept.filter(({ worth }) => worth !== least);
    }
    const { style } = this.#options;
    const words = kept.map(({ text, worth }) => (worth === WORTH.done ? style("bold", text) : text)).join("  ");
    this.#output.write(`${CLEAR}${room > 0 ? `${style("cyan", bar)}  ` : ""}${words}`);
    this.#shown = true;
  }

  /** Writes a line of its own, above what is redrawn. */
  say(line: string): void {
    this.clear();
    this.#output.write(`${line}\n`);
  }

  /** Takes away what is redrawn. */
  clear(): void {
    if (this.#shown) this.#output.write(CLEAR);
    this.#shown = false;
  }

  #bar(part: number): string {
    const [full, empty] = this.#options.unicode ? ["█", "░"] : ["#", "-"];
    const blocks = Math.round(Math.min(1, part) * BAR);
    return full.repeat(blocks) + empty.repeat(BAR - blocks);
  }

  #pieces(summary: DetectSummary): Piece[] {
    const { frames, expectedFrames, latency, seconds } = summary;
    const done = doneOf(summary);
    const looked = frames.processed + frames.failed;
    const recent = this.#recent({ seconds, done, looked });
    const dropped = Object.values(frames.dropped).reduce((sum, value) => sum + value, 0);
    const p95 = latency.total === undefined ? "" : `p95 ${duration(latency.total.p95Seconds)}`;
    const left =
      expectedFrames === undefined || recent === undefined || recent.donePerSecond === 0 ? undefined : (expectedFrames - done) / recent.donePerSecond;
    const pieces: Piece[] = [
      { worth: WORTH.done, text: expectedFrames === undefined ? "" : `${Math.floor(Math.min(1, done / Math.max(1, expectedFrames)) * 100)} %` },
      { worth: WORTH.frames, text: expectedFrames === undefined ? `${count(done)} frames` : `${count(done)}/${count(expectedFrames)} frames` },
      { worth: WORTH.rate, text: recent === undefined ? "" : `${rate(recent.lookedPerSecond)} fps` },
      { worth: WORTH.p95, text: p95 },
      { worth: WORTH.drop, text: dropped === 0 ? "" : `drop ${percent(dropped, frames.received)}` },
      { worth: WORTH.time, text: expectedFrames === undefined ? clock(seconds) : `ETA ${left === undefined ? "?" : clock(left)}` },
    ];
    return pieces.filter(({ text }) => text !== "");
  }

  /** Rates over the last seconds: a stall shows, one slow frame does not. Undefined before anything took time. */
  #recent(now: Moment): { readonly donePerSecond: number; readonly lookedPerSecond: number } | undefined {
    this.#moments.push(now);
    while (this.#moments.length > 2 && this.#moments[1]!.seconds <= now.seconds - WINDOW_SECONDS) this.#moments.shift();
    const first = this.#moments[0]!;
    const seconds = now.seconds - first.seconds;
    if (!(seconds > 0)) return undefined;
    return { donePerSecond: (now.done - first.done) / seconds, lookedPerSecond: (now.looked - first.looked) / seconds };
  }
}

interface Piece {
  readonly text: string;
  readonly worth: number;
}

/** What goes first where a terminal is narrow: the least. */
const WORTH = { drop: 1, p95: 2, frames: 3, time: 4, rate: 5, done: 6 } as const;

const doneOf = ({ frames }: DetectSummary): number => frames.received - frames.inFlight;
