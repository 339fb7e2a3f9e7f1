import { randomAt } from "./seeded-random.ts";

/** Who walks through the scene at one moment. */
export interface Walker {
  /** From 1, unique in the whole stream. */
  readonly id: number;
  /** Left edge of the unclipped figure, pixels. */
  readonly x: number;
  /** Where the feet stand, pixels from the top. */
  readonly baseline: number;
  readonly width: number;
  readonly height: number;
  /** Position of the legs, radians. */
  readonly stride: number;
  readonly shape: "person" | "box";
  /** 0xRRGGBB of the upper and the lower part. */
  readonly upper: number;
  readonly lower: number;
}

export interface CastOptions {
  readonly width: number;
  readonly height: number;
  readonly seed: number;
  readonly lanes: number;
  readonly walkersPerLane: number;
  readonly crossEverySeconds: number;
  readonly emptySeconds: number;
  readonly figures: "person" | "box" | "mixed";
}

// Clearly brighter or darker than the grey ground: what has the ground's own colour cannot be seen by anybody.
const COLOURS = [0xf0e8e0, 0x1c2430, 0xf2d13c, 0x28102a, 0xe8f6ff, 0x0f2c18, 0xffb6a0, 0x301a10];

/**
 * The walkers of a moment, farthest first. Everybody in a lane walks at the lane's speed, so nobody overtakes; every `crossEverySeconds`
 * somebody comes the other way and passes in front of them. Positions are a closed formula of the time: any moment can be had directly.
 */
export function walkersAt(seconds: number, options: CastOptions): Walker[] {
  const walkers: Walker[] = [];
  const { lanes, crossEverySeconds } = options;
  for (let lane = 0; lane < lanes; lane++) {
    addWalkers(walkers, seconds, options, { lane, against: false });
    if (crossEverySeconds > 0) addWalkers(walkers, seconds, options, { lane, against: true });
  }
  return walkers;
}

function addWalkers(into: Walker[], seconds: number, options: CastOptions, { lane, against }: { lane: number; against: boolean }): void {
  const { width, height, seed, lanes, walkersPerLane, crossEverySeconds, emptySeconds, figures } = options;
  const band = height / lanes;
  const baseline = band * (lane + 0.9) + (against ? band * 0.06 : 0);
  const tall = band * (0.62 + (0.14 * (lane + 1)) / lanes);
  const speed = (width / 640) * (70 + 60 * randomAt(seed, lane, 1));
  const crossingSeconds = (width + tall) / speed;
  const stream = lane * 2 + (against ? 1 : 0);
  const interval = against ? crossEverySeconds * lanes : crossingSeconds / walkersPerLane;
  const offset = emptySeconds + (against ? crossEverySeconds * (lane + 0.5) : interval * 0.3 * randomAt(seed, lane, 2));
  const newest = Math.floor((seconds - offset) / interval);
  for (let turn = Math.max(0, Math.floor((seconds - offset - crossingSeconds) / interval) - 1); turn <= newest; turn++) {
    const dice = (what: number): number => randomAt(seed, 1000 + stream * 16 + what, turn);
    const walked = (seconds - offset - (turn + 0.4 * dice(0)) * interval) * speed;
    const tallness = tall * (0.9 + 0.1 * dice(1));
    const shape = figures === "mixed" ? (dice(2) < 0.7 ? "person" : "box") : figures;
    const wide = tallness * (shape === "person" ? 0.4 : 0.6 + 0.4 * dice(3));
    if (walked <= 0 || walked >= width + wide) continue;
    const rightwards = (lane % 2 === 0) !== against;
    into.push({
      id: turn * lanes * 2 + stream + 1,
      x: rightwards ? walked - wide : width - walked,
      baseline,
      width: wide,
      height: tallness,
      stride: walked / (tallness * 0.13),
      shape,
      upper: COLOURS[Math.floor(dice(4) * COLOURS.length)]!,
      lower: COLOURS[Math.floor(dice(5) * COLOURS.length)]!,
    });
  }
}
