import { PairCounts } from "./pair-counts.ts";
import { bestPairs, type Comparison } from "./similarity.ts";

export interface HotaScores {
  /** Geometric mean of detection and association, averaged over the thresholds 0.05, 0.1 ... 0.95 as all of these are. */
  readonly hota: number;
  /** How well what is there is found: pairs / (pairs + misses + false alarms). */
  readonly detectionAccuracy: number;
  /** How well what is found keeps its id. */
  readonly associationAccuracy: number;
  /** Mean overlap of the pairs. */
  readonly localisationAccuracy: number;
}

const THRESHOLDS = Array.from({ length: 19 }, (_, at) => 0.05 * (at + 1));
const NEARLY = 1e-12;

/**
 * Higher order tracking accuracy: J. Luiten et al., "HOTA: a higher order metric for evaluating multi-object tracking", IJCV 129 (2021).
 * Frames are paired in the light of the whole stream, so all of them are kept until `scores` is called: for tests and benchmarks, not for
 * a service that runs for months.
 */
export class HotaScore {
  readonly #frames: Comparison[] = [];
  /** How well each object and track go together over the whole stream. */
  readonly #together: PairCounts = new PairCounts();

  add(frame: Comparison): void {
    const { truths, tracks, overlaps } = frame;
    this.#frames.push(frame);
    for (const truth of truths) this.#together.addRow(truth);
    for (const track of tracks) this.#together.addColumn(track);
    const byRow = truths.map((_, row) => overlaps.subarray(row * tracks.length, (row + 1) * tracks.length).reduce((a, b) => a + b, 0));
    const byColumn = tracks.map((_, column) => truths.reduce((sum, _truth, row) => sum + overlaps[row * tracks.length + column]!, 0));
    truths.forEach((truth, row) => {
      tracks.forEach((track, column) => {
        const overlap = overlaps[row * tracks.length + column]!;
        if (overlap > 0) this.#together.addPair(truth, track, overlap / (byRow[row]! + byColumn[column]! - overlap));
      });
    });
  }

  scores(): HotaScores {
    const levels = THRESHOLDS.map((threshold) => ({ threshold, pairs: 0, overlap: 0, counts: new PairCounts() }));
    const { rows, columns } = this.#together;
    const boxes = { truths: 0, tracks: 0 };
    for (const { truths, tracks, overlaps } of this.#frames) {
      boxes.truths += truths.length;
      boxes.tracks += tracks.length;
      const pairs = bestPairs(truths.length, tracks.length, (row, column) => {
        const shared = this.#together.pair(truths[row]!, tracks[column]!);
        const alignment = shared / (rows.get(truths[row]!)! + columns.get(tracks[column]!)! - shared);
        return alignment * overlaps[row * tracks.length + column]!;
      });
      for (const [row, column] of pairs) {
        const overlap = overlaps[row * tracks.length + column]!;
        for (const level of levels) {
          if (overlap < level.threshold - NEARLY) break;
          level.pairs++;
          level.overlap += overlap;
          level.counts.addPair(truths[row]!, tracks[column]!, 1);
        }
      }
    }
    const results = levels.map(({ pairs, overlap, counts }) => {
      let associated = 0;
      for (const [truth, track, count] of counts.pairs()) associated += (count * count) / (rows.get(truth)! + columns.get(track)! - count);
      const detection = pairs / (boxes.truths + boxes.tracks - pairs);
      const association = pairs === 0 ? 0 : associated / pairs;
      return { hota: Math.sqrt(detection * association), detection, association, localisation: pairs === 0 ? 1 : overlap / pairs };
    });
    const mean = (of: (result: (typeof results)[number]) => number): number => results.reduce((sum, result) => sum + of(result), 0) / results.length;
    return {
      hota: mean(({ hota }) => hota),
      detectionAccuracy: mean(({ detection }) => detection),
      associationAccuracy: mean(({ association }) => association),
      localisationAccuracy: mean(({ localisation }) => localisation),
    };
  }
}
