import { intersection } from "../boxes.ts";
import { atLeast, checkOptions, SHARE } from "../option-check.ts";
import type { Box, Detection, Detector, Frame, StageClock } from "../types.ts";
import { GreySampler } from "./grey-sampler.ts";
import { CELL, HogFeatures } from "./hog-features.ts";
import { WINDOW_HEIGHT, WINDOW_MARGIN, WINDOW_WIDTH, windowScore, windowsIn } from "./hog-window.ts";
import { MotionDetector } from "./motion-detector.ts";
import { suppressed } from "./nms.ts";
import { peopleWeights } from "./people-weights.ts";

export interface PeopleOptions {
  /** Lowest confidence to report, 0 to 1. 0.5 is the plane that separates people from the rest. Default 0.5. */
  readonly confidence?: number;
  /** Factor between the sizes that are tried. Default 1.15. */
  readonly scaleStep?: number;
  /** Smallest person, pixels. Those below 48 would have to be enlarged too much to be recognised. Default 48. */
  readonly leastHeight?: number;
  /** Frames for which a place where somebody was seen is looked at again, ever more seldom, although nobody is found there. Default 16. */
  readonly patience?: number;
}

/** Height of a person that fills the window. */
const PERSON_HEIGHT = WINDOW_HEIGHT - 2 * WINDOW_MARGIN;
// A moving region is as tall as the person in it, or taller (a shadow), or misses the feet. One that is wide holds several people, near and far.
const TALLEST = 1.15;
const SHORTEST = 0.72;
const SHORTEST_IN_GROUP = 0.5;
const GROUP_ASPECT = 0.75;
// Who is known is looked for where and as tall as before, and now and then a little taller or shorter. Every so many frames a
// region that they do not explain is searched in full for others.
const GROWTH = 1.08;
const FULL_SEARCH_EVERY = 5;
// Pixels of the window left and right of a person: arms and legs need more than the trunk.
const SIDE_MARGIN = 12;

/**
 * Finds upright people: a linear support vector machine on histograms of oriented gradients (Dalal and Triggs, CVPR 2005), with OpenCV's
 * weights, in the neighbourhood of whatever moves, at the sizes that fit what moves. Searching the whole picture at all sizes takes about
 * ten times as long. A person who stops is looked at again where she was last seen.
 *
 * @example
 * const people = new PeopleDetector({ confidence: 0.6 });
 * people.detect(frame); // [{ box: { x: 311, y: 102, width: 41, height: 99 }, label: "person", confidence: 0.87 }]
 */
export class PeopleDetector implements Detector {
  readonly name = "people";
  readonly #options: Required<PeopleOptions>;
  readonly #motion: MotionDetector = new MotionDetector({ minArea: 0.0008 });
  readonly #sampler: GreySampler = new GreySampler();
  readonly #features: HogFeatures = new HogFeatures();
  readonly #weights: Float32Array = peopleWeights();
  #roots: Float32Array = new Float32Array(0);
  #seen: Sighting[] = [];
  #frames = 0;

  /** Throws OPTION_INVALID for a confidence outside 0 to 1, a step of 1 or less, and sizes below 24. */
  constructor(options: PeopleOptions = {}) {
    const { confidence = 0.5, scaleStep = 1.15, leastHeight = 48, patience = 16 } = options;
    checkOptions({ confidence }, SHARE);
    checkOptions({ scaleStep }, atLeast(1.02));
    checkOptions({ leastHeight }, atLeast(24, { of: "pixels" }));
    checkOptions({ patience }, atLeast(0, { of: "frames" }));
    this.#options = { confidence, scaleStep, leastHeight, patience };
  }

  detect(frame: Frame, clock?: StageClock): Detection[] {
    this.#sampler.load(frame);
    const moving = this.#motion.detect(frame).map(({ box }) => box);
    clock?.mark("preprocess");
    const found = [...moving.flatMap((region) => this.#searchRegion(region)), ...this.#resting(moving).flatMap(({ box }) => this.#searchKnown(box))];
    clock?.mark("inference");
    // Half inside another box: the same person at another size.
    const people = suppressed(found, { iou: 0.4, inside: 0.6 });
    this.#remember(people);
    clock?.mark("postprocess");
    return people;
  }

  #searchRegion(region: Box): Detection[] {
    const known = this.#seen.filter(({ box }) => covers(region, box));
    const found = known.filter(isDue).map((sighting) => ({ sighting, people: this.#searchKnown(sighting.box) }));
    const people = found.flatMap((one) => one.people);
    const allThere = known.length > 0 && found.every((one) => one.sighting.missed > 0 || one.people.length > 0);
    if (allThere && (this.#frames % FULL_SEARCH_EVERY !== 0 || isExplained(region, known))) return people;
    const group = region.width > GROUP_ASPECT * region.height;
    const shortest = region.height * (group ? SHORTEST_IN_GROUP : SHORTEST);
    return [...people, ...this.#search(region, { tallest: region.height * TALLEST, shortest, step: this.#options.scaleStep })];
  }

  #searchKnown(box: Box): Detection[] {
    const turn = this.#frames % 6;
    const tallest = turn === 1 ? box.height * GROWTH : box.height;
    const shortest = turn === 4 ? box.height / GROWTH : box.height;
    return this.#search(box, { tallest, shortest, step: GROWTH });
  }

  /** People who were seen lately in places where nothing moves now. */
  #resting(moving: readonly Box[]): Sighting[] {
    return this.#seen.filter((sighting) => isDue(sighting) && !moving.some((region) => covers(region, sighting.box)));
  }

  /** Looks for people in and around a box, at heights from `tallest` down to `shortest`, each smaller by the factor `step`. */
  #search(box: Box, { tallest, shortest, step }: { tallest: number; shortest: number; step: number }): Detection[] {
    const found: Detection[] = [];
    const least = Math.max(shortest * 0.999, this.#options.leastHeight);
    for (let height = tallest; height >= least; height /= step) this.#searchAt(PERSON_HEIGHT / height, { box, found });
    return found;
  }

  /** Looks at one size: `scale` makes a person fill the window. The piece holds every place of a person in the box, and a cell more on each side. */
  #searchAt(scale: number, { box, found }: { box: Box; found: Detection[] }): void {
    const width = cells(Math.max(WINDOW_WIDTH, box.width * scale + 2 * SIDE_MARGIN) + 2 * CELL);
    const height = cells(Math.max(WINDOW_HEIGHT, box.height * scale + 2 * WINDOW_MARGIN) + 2 * CELL);
    if (this.#roots.length < width * height) this.#roots = new Float32Array(width * height);
    const x = box.x + box.width / 2 - width / scale / 2;
    const y = box.y + box.height / 2 - height / scale / 2;
    this.#sampler.cut({ x, y, scale, width, height }, this.#roots);
    this.#features.compute(this.#roots, { width, height });
    const { across, down } = windowsIn(this.#features);
    for (let column = 0; column < across; column++) {
      for (let row = 0; row < down; row++) {
        const confidence = confidenceOf(windowScore(this.#features, this.#weights, { column, row }));
        if (confidence < this.#options.confidence) continue;
        const person = {
          x: x + (column * CELL + SIDE_MARGIN) / scale,
          y: y + (row * CELL + WINDOW_MARGIN) / scale,
          width: (WINDOW_WIDTH - 2 * SIDE_MARGIN) / scale,
          height: PERSON_HEIGHT / scale,
        };
        found.push({ box: person, label: "person", confidence });
      }
    }
  }

  /** Keeps the places where somebody is, and for some frames those where somebody was. */
  #remember(people: readonly Detection[]): void {
    const gone = this.#seen
      .filter(({ box, missed }) => missed < this.#options.patience && !people.some((person) => covers(person.box, box)))
      .map(({ box, missed }) => ({ box, missed: missed + 1 }));
    this.#seen = [...people.map(({ box }) => ({ box, missed: 0 })), ...gone];
    this.#frames++;
  }

  /** Forgets the background and where people were. */
  close(): void {
    this.#motion.close();
    this.#seen = [];
  }
}

interface Sighting {
  readonly box: Box;
  /** Frames since somebody was seen there. */
  readonly missed: number;
}

/** Who is not found is looked for again after 1, 2, 4, 8 ... frames. */
const isDue = ({ missed }: Sighting): boolean => (missed & (missed - 1)) === 0;

/** Whether the people known to be in a region fill half of it: there is hardly room for others. */
function isExplained(region: Box, known: readonly Sighting[]): boolean {
  const filled = known.reduce((sum, { box, missed }) => sum + (missed === 0 ? intersection(region, box) : 0), 0);
  return filled * 2 >= region.width * region.height;
}

/** Whether half of the inner box, or more, lies in the outer one. */
const covers = (outer: Box, inner: Box): boolean => intersection(outer, inner) * 2 >= inner.width * inner.height;

/** Up to whole cells. */
const cells = (pixels: number): number => Math.ceil(pixels / CELL) * CELL;

/** The distance from the separating plane as a number from 0 to 1: 0 is 0.5, 1 is 0.88, 2 is 0.98. A monotone scale, not a calibrated probability. */
const confidenceOf = (score: number): number => 1 / (1 + Math.exp(-2 * score));
