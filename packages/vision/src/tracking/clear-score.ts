import { bestPairs, type Comparison } from "./similarity.ts";

export interface ClearScores {
  /** 1 - (misses + false alarms + switches) / truths; below 0 for a tracker that is worse than none. */
  readonly mota: number;
  /** Mean intersection over union of the pairs, from the threshold to 1. NaN without pairs. */
  readonly motp: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  /** How often a true object went on under another track's id. */
  readonly idSwitches: number;
  /** How often a true object was lost and found again. */
  readonly fragmentations: number;
  /** True objects that were followed for at least 80 %, for less than 20 %, and for something between, of the frames they are in. */
  readonly mostlyTracked: number;
  readonly mostlyLost: number;
  readonly partlyTracked: number;
}

interface History {
  frames: number;
  found: number;
  /** The track it was paired with last, and whether that was in the last frame it was in. */
  track: number | undefined;
  inLastFrame: boolean;
}

/**
 * The CLEAR MOT metrics: K. Bernardin and R. Stiefelhagen, "Evaluating multiple object tracking performance", EURASIP Journal on Image and
 * Video Processing 2008. A pair of the frame before is kept while it overlaps enough; the rest is paired for the most overlap.
 */
export class ClearScore {
  readonly #threshold: number;
  readonly #objects: Map<number, History> = new Map();
  /** Pairs of the frame before. */
  #before: Map<number, number> = new Map();
  #truths = 0;
  #paired = 0;
  #overlap = 0;
  #falsePositives = 0;
  #switches = 0;
  #fragmentations = 0;

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  add({ truths, tracks, overlaps }: Comparison): void {
    const pairs = bestPairs(truths.length, tracks.length, (row, column) => {
      const overlap = overlaps[row * tracks.length + column]!;
      if (overlap < this.#threshold) return 0;
      return overlap + (this.#before.get(truths[row]!) === tracks[column] ? 1000 : 0);
    });
    const trackOf = new Map(pairs.map(([row, column]) => [truths[row]!, tracks[column]!]));
    for (const truth of truths) this.#follow(truth, trackOf.get(truth));
    for (const [row, column] of pairs) this.#overlap += overlaps[row * tracks.length + column]!;
    this.#truths += truths.length;
    this.#paired += pairs.length;
    this.#falsePositives += tracks.length - pairs.length;
    this.#before = trackOf;
  }

  #follow(truth: number, track: number | undefined): void {
    let history = this.#objects.get(truth);
    if (history === undefined) this.#objects.set(truth, (history = { frames: 0, found: 0, track: undefined, inLastFrame: false }));
    history.frames++;
    if (track !== undefined) {
      history.found++;
      if (history.track !== undefined && history.track !== track) this.#switches++;
      if (history.track !== undefined && !history.inLastFrame) this.#fragmentations++;
      history.track = track;
    }
    history.inLastFrame = track !== undefined;
  }

  scores(): ClearScores {
    const shares = [...this.#objects.values()].map(({ found, frames }) => found / frames);
    const mostlyTracked = shares.filter((share) => share >= 0.8).length;
    const mostlyLost = shares.filter((share) => share < 0.2).length;
    const falseNegatives = this.#truths - this.#paired;
    return {
      mota: 1 - (falseNegatives + this.#falsePositives + this.#switches) / this.#truths,
      motp: this.#overlap / this.#paired,
      truePositives: this.#paired,
      falsePositives: this.#falsePositives,
      falseNegatives,
      idSwitches: this.#switches,
      fragmentations: this.#fragmentations,
      mostlyTracked,
      mostlyLost,
      partlyTracked: shares.length - mostlyTracked - mostlyLost,
    };
  }
}
