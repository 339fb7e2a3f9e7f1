import { PairCounts } from "./pair-counts.ts";
import { bestPairs, type Comparison } from "./similarity.ts";

export interface IdentityScores {
  /** Harmonic mean of the two below: how much of everything is under the right id. */
  readonly idf1: number;
  /** Share of the tracker's boxes, and of the true ones, that belong to the pairing of whole tracks with whole objects. */
  readonly idPrecision: number;
  readonly idRecall: number;
}

/**
 * Identity metrics: E. Ristani et al., "Performance measures and a data set for multi-target, multi-camera tracking", ECCV 2016 workshops.
 * Every true object is paired with one track for the whole stream, so that as many of their boxes as possible overlap.
 */
export class IdentityScore {
  readonly #threshold: number;
  readonly #counts: PairCounts = new PairCounts();

  constructor(threshold: number) {
    this.#threshold = threshold;
  }

  add({ truths, tracks, overlaps }: Comparison): void {
    for (const truth of truths) this.#counts.addRow(truth);
    for (const track of tracks) this.#counts.addColumn(track);
    truths.forEach((truth, row) => {
      tracks.forEach((track, column) => {
        if (overlaps[row * tracks.length + column]! >= this.#threshold) this.#counts.addPair(truth, track, 1);
      });
    });
  }

  scores(): IdentityScores {
    const truths = [...this.#counts.rows.keys()];
    const tracks = [...this.#counts.columns.keys()];
    const worth = (row: number, column: number): number => this.#counts.pair(truths[row]!, tracks[column]!);
    const right = bestPairs(truths.length, tracks.length, worth).reduce((sum, [row, column]) => sum + worth(row, column), 0);
    const sum = (counts: Map<number, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
    const [trueBoxes, trackBoxes] = [sum(this.#counts.rows), sum(this.#counts.columns)];
    return { idf1: (2 * right) / (trueBoxes + trackBoxes), idPrecision: right / trackBoxes, idRecall: right / trueBoxes };
  }
}
