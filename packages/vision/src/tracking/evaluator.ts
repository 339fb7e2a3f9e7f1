import { checkOptions, SHARE } from "../option-check.ts";
import type { Truth } from "../types.ts";
import { ClearScore, type ClearScores } from "./clear-score.ts";
import { HotaScore, type HotaScores } from "./hota-score.ts";
import { IdentityScore, type IdentityScores } from "./identity-score.ts";
import { bestPairs, compared, type Labelled } from "./similarity.ts";

export interface EvaluatorOptions {
  /** Least intersection over union of a pair, for CLEAR and identity. Default 0.5. */
  readonly iou?: number;
  /**
   * Truths of which less is seen do not count, found or not; nor does the track that found one. MOTChallenge does the same with what is not
   * fairly visible. Default 0: all count.
   */
  readonly leastVisible?: number;
}

export interface TrackingScores extends ClearScores, IdentityScores, HotaScores {
  readonly frames: number;
  /** Boxes that count, and how many different objects they are of. */
  readonly truths: number;
}

/**
 * Holds tracks against the truth, frame by frame. Give every frame, those without anything in it too: false alarms count there.
 *
 * @example
 * const evaluator = new TrackingEvaluator();
 * evaluator.add([{ id: 1, box, label: "person", visibleFraction: 1 }], tracker.update(detections, frame).tracks);
 * const { mota, idf1, hota } = evaluator.scores();
 */
export class TrackingEvaluator {
  readonly #iou: number;
  readonly #leastVisible: number;
  readonly #clear: ClearScore;
  readonly #identity: IdentityScore;
  readonly #hota: HotaScore = new HotaScore();
  #frames = 0;
  #truths = 0;

  /** Throws OPTION_INVALID for numbers outside 0 to 1. */
  constructor({ iou = 0.5, leastVisible = 0 }: EvaluatorOptions = {}) {
    checkOptions({ iou, leastVisible }, SHARE);
    this.#iou = iou;
    this.#leastVisible = leastVisible;
    this.#clear = new ClearScore(iou);
    this.#identity = new IdentityScore(iou);
  }

  add(truths: readonly Truth[], tracks: readonly Labelled[]): void {
    const counts = truths.map(({ visibleFraction }) => visibleFraction >= this.#leastVisible);
    const excused = counts.includes(false) ? this.#onHidden(truths, { tracks, counts }) : new Set<Labelled>();
    const frame = compared(
      truths.filter((_, row) => counts[row]),
      tracks.filter((track) => !excused.has(track)),
    );
    this.#clear.add(frame);
    this.#identity.add(frame);
    this.#hota.add(frame);
    this.#frames++;
    this.#truths += frame.truths.length;
  }

  /** The tracks that are best explained by truths that do not count. */
  #onHidden(truths: readonly Truth[], { tracks, counts }: { tracks: readonly Labelled[]; counts: readonly boolean[] }): Set<Labelled> {
    const { overlaps } = compared(truths, tracks);
    const pairs = bestPairs(truths.length, tracks.length, (row, column) => {
      const overlap = overlaps[row * tracks.length + column]!;
      return overlap < this.#iou ? 0 : overlap;
    });
    return new Set(pairs.filter(([row]) => !counts[row]).map(([, column]) => tracks[column]!));
  }

  /** The scores of all frames so far. Ratios are NaN where there was nothing to count. */
  scores(): TrackingScores {
    return { ...this.#clear.scores(), ...this.#identity.scores(), ...this.#hota.scores(), frames: this.#frames, truths: this.#truths };
  }
}
