import { atLeast, checkOptions } from "../option-check.ts";
import type { Detection, Detector, Frame, StageClock } from "../types.ts";
import { BackgroundSubtractor, MASK_FOREGROUND } from "./background-subtractor.ts";
import { BitMask } from "./bit-mask.ts";
import { joinNear, type Region, RegionFinder } from "./regions.ts";
import { shrinkColour, shrinkGrey, shrinkToGrey, shrunkenSize } from "./shrink.ts";

export interface MotionOptions {
  /** Smallest thing to report, as a share of the frame's area. Default 0.001: 230 pixels of 640x360. */
  readonly minArea?: number;
  /**
   * Width in pixels that pictures are shrunk towards before they are looked at, by a whole factor and never below it. Default 320: 640x360
   * and 1280x720 are looked at as 320x180. Infinity looks at every pixel.
   */
  readonly analysisWidth?: number;
  /** Compare colours too, not only brightness: finds what is as bright as its background, for nearly twice the time. Default false. */
  readonly colour?: boolean;
  /** Leave shadows out; in grey that also loses what is a little darker than the ground. Default false. */
  readonly shadows?: boolean;
  /** Frames until something that stands still becomes background; see BackgroundSubtractor. Default 500. */
  readonly history?: number;
  /** Squared distance in variances from which a pixel counts as moving. Default 16. */
  readonly varianceThreshold?: number;
  /** Label of the detections. Default "motion". */
  readonly label?: string;
}

// What moves slowly, or stops for a while, must not melt into the background within two seconds.
const FOREGROUND_LEARNING = 0.2;
// When more of the picture than this changes at once, the light or the camera moved, not the things in it.
const FLOOD = 0.5;
// Parts above each other belong together across this share of the height.
const JOIN_GAP = 0.02;

/**
 * Finds whatever moves before a still camera: background subtraction, clean-up of the mask (opening, then closing), connected regions.
 * Needs no weights and no knowledge of what moves. What touches in the picture is one detection; what stops fades into the background
 * after some seconds; after a sudden change of light nothing is reported until the picture is calm again.
 *
 * @example
 * const motion = new MotionDetector({ minArea: 0.002 });
 * motion.detect(frame); // [{ box: { x: 120, y: 44, width: 38, height: 92 }, label: "motion", confidence: 0.93 }]
 */
export class MotionDetector implements Detector {
  readonly name = "motion";
  readonly #options: Required<MotionOptions>;
  #grid: Grid | undefined;

  /** Throws OPTION_INVALID for shares outside 0 to 1 and widths that are not positive. */
  constructor(options: MotionOptions = {}) {
    const { minArea = 0.001, analysisWidth = 320, colour = false, shadows = false } = options;
    const { history = 500, varianceThreshold = 16, label = "motion" } = options;
    checkOptions({ minArea }, { fits: (share) => share >= 0 && share < 1, wanted: "a share of the frame, as 0.001" });
    checkOptions({ analysisWidth }, atLeast(16, { of: "pixels" }));
    this.#options = { minArea, analysisWidth, colour, shadows, history, varianceThreshold, label };
  }

  detect(frame: Frame, clock?: StageClock): Detection[] {
    const grid = this.#gridFor(frame);
    const { factor, small, cells } = grid;
    grid.shrink(frame.data);
    clock?.mark("preprocess");
    grid.background.apply(grid.picture, grid.mask);
    clock?.mark("inference");
    const detections: Detection[] = [];
    if (grid.load() <= FLOOD * cells) {
      const leastArea = Math.max(1, this.#options.minArea * cells);
      // Half the size is asked of the parts: two of them may make one whole.
      const regions = joinNear(grid.finder.find(grid.clean(), leastArea / 2), JOIN_GAP * small.height);
      for (const region of regions) if (region.area >= leastArea) detections.push(this.#detection(region, { factor, leastArea, frame, small }));
    }
    clock?.mark("postprocess");
    return detections;
  }

  #detection(region: Region, { factor, leastArea, frame, small }: { factor: number; leastArea: number; frame: Frame; small: Size }): Detection {
    const x = region.x * factor;
    const y = region.y * factor;
    // The rest that filled no block belongs to the last column and row.
    const right = region.x + region.width === small.width ? frame.width : x + region.width * factor;
    const bottom = region.y + region.height === small.height ? frame.height : y + region.height * factor;
    return { box: { x, y, width: right - x, height: bottom - y }, label: this.#options.label, confidence: evidence(region, leastArea) };
  }

  #gridFor(frame: Frame): Grid {
    if (this.#grid?.fits(frame) !== true) this.#grid = new Grid(frame, this.#options);
    return this.#grid!;
  }

  /** Forgets the background. */
  close(): void {
    this.#grid = undefined;
  }
}

/**
 * How much speaks for a region: many pixels (63 % at the least area, 95 % at three times that) that fill their box (in full from half on;
 * a person fills 55 to 70 %). Not a probability: there is nothing to be right or wrong about but movement.
 */
function evidence({ area, width, height }: Region, leastArea: number): number {
  return (1 - Math.exp(-area / leastArea)) * Math.sqrt(Math.min(1, (2 * area) / (width * height)));
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The buffers for one size of frame. */
class Grid {
  readonly factor: number;
  readonly small: Size;
  readonly cells: number;
  readonly picture: Uint8Array;
  readonly mask: Uint8Array;
  readonly background: BackgroundSubtractor;
  readonly finder: RegionFinder = new RegionFinder();
  readonly #frame: Frame;
  readonly #colour: boolean;
  readonly #bits: BitMask;
  readonly #spare: BitMask;

  constructor(frame: Frame, { analysisWidth, colour, shadows, history, varianceThreshold }: Required<MotionOptions>) {
    this.factor = Math.max(1, Math.floor(frame.width / analysisWidth));
    this.small = shrunkenSize({ ...frame, factor: this.factor });
    this.cells = this.small.width * this.small.height;
    this.#frame = { ...frame, data: new Uint8Array(0) };
    this.#colour = colour && frame.pixelFormat === "rgb24";
    const channels = this.#colour ? 3 : 1;
    this.picture = new Uint8Array(this.cells * channels);
    this.mask = new Uint8Array(this.cells);
    const learning = { channels, shadows, history, varianceThreshold, foregroundLearning: FOREGROUND_LEARNING } as const;
    this.background = new BackgroundSubtractor(this.small.width, this.small.height, learning);
    this.#bits = new BitMask(this.small.width, this.small.height);
    this.#spare = new BitMask(this.small.width, this.small.height);
  }

  fits({ width, height, pixelFormat }: Frame): boolean {
    return width === this.#frame.width && height === this.#frame.height && pixelFormat === this.#frame.pixelFormat;
  }

  shrink(data: Uint8Array): void {
    const shrinking = { width: this.#frame.width, height: this.#frame.height, factor: this.factor };
    if (this.#frame.pixelFormat === "gray8") shrinkGrey(data, this.picture, shrinking);
    else if (this.#colour) shrinkColour(data, this.picture, shrinking);
    else shrinkToGrey(data, this.picture, shrinking);
  }

  /** Takes the foreground over into bits and counts it. */
  load(): number {
    return this.#bits.load(this.mask, MASK_FOREGROUND);
  }

  /** Opening removes specks; closing fills holes and joins what is two cells apart. Neither changes the size of what is left. */
  clean(): BitMask {
    const [bits, spare] = [this.#bits, this.#spare];
    bits.erodeInto(spare);
    spare.dilateInto(bits);
    bits.dilateInto(spare);
    spare.dilateInto(bits);
    bits.erodeInto(spare);
    spare.erodeInto(bits);
    return bits;
  }
}
