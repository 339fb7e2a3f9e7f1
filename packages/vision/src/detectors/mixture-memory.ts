import {
  type Code,
  float,
  get,
  I32,
  i32,
  integer,
  load,
  moduleOf,
  repeatUntil,
  set,
  shuffled,
  store,
  storeInteger,
  V128,
  v128,
  when,
  zeros,
} from "./wasm-code.ts";

export const MODES = 5;
export const LEAST_VARIANCE = 4;
export const MOST_VARIANCE = 75;

/**
 * The Gaussians of all pixels, plane after plane: the heaviest mode of all, then the second ... Most pixels have one mode only (three of four in
 * vtest.avi), so the planes behind the first are seldom touched. `stride` numbers lie between a pixel's value in one plane and in the next.
 */
export interface MixtureMemory {
  readonly stride: number;
  /** Where a picture is put before `learn`. */
  readonly picture: Uint8Array;
  readonly modes: Uint8Array;
  readonly weight: Float32Array;
  readonly variance: Float32Array;
  /** MODES planes of the first channel, then those of the second ... */
  readonly mean: Float32Array;
  /**
   * Does all pixels that fit their heaviest mode, four at a time, and returns how many entries it made in `rest`: 16 times the first pixel of four,
   * and a bit for each of them that is left. Undefined where there is no WebAssembly with vectors: then all are left.
   */
  readonly learn: ((rate: number, keep: number, prune: number, near: number) => number) | undefined;
  readonly rest: Int32Array;
}

/** Allocates them, empty. */
export function mixtureMemory(pixels: number, channels: 1 | 3): MixtureMemory {
  const layout = layoutOf(pixels, channels);
  const { stride, at, bytes } = layout;
  const compiled = compile(moduleOf(learning(layout), { floats: 4, locals: LOCALS, bytes }));
  const buffer = compiled?.memory.buffer ?? new ArrayBuffer(bytes);
  return {
    stride,
    picture: new Uint8Array(buffer, at.picture, pixels * channels),
    modes: new Uint8Array(buffer, at.modes, pixels),
    weight: new Float32Array(buffer, at.weight, stride * MODES),
    variance: new Float32Array(buffer, at.variance, stride * MODES),
    mean: new Float32Array(buffer, at.mean, stride * MODES * channels),
    learn: compiled?.run,
    rest: new Int32Array(buffer, at.rest, stride / 4),
  };
}

interface Layout {
  readonly stride: number;
  readonly channels: 1 | 3;
  readonly at: Readonly<Record<"picture" | "modes" | "rest" | "weight" | "variance" | "mean", number>>;
  readonly bytes: number;
}

function layoutOf(pixels: number, channels: 1 | 3): Layout {
  const stride = Math.ceil(pixels / 4) * 4;
  const planes = stride * MODES * Float32Array.BYTES_PER_ELEMENT;
  let bytes = 0;
  const next = (size: number): number => {
    const start = bytes;
    bytes += Math.ceil(size / 16) * 16;
    return start;
  };
  // Bytes are read 16 at a time, of which the last may lie behind the end.
  const at = { picture: next(stride * channels + 16), modes: next(stride + 16), rest: next(stride), weight: next(planes), variance: next(planes) };
  return { stride, channels, at: { ...at, mean: next(planes * channels) }, bytes };
}

interface Compiled {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly run: (rate: number, keep: number, prune: number, near: number) => number;
}

function compile(bytes: Uint8Array<ArrayBuffer>): Compiled | undefined {
  const { WebAssembly } = globalThis as unknown as {
    readonly WebAssembly?: { readonly Module: new (bytes: Uint8Array) => object; readonly Instance: new (module: object) => { exports: unknown } };
  };
  try {
    return WebAssembly && (new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as Compiled);
  } catch {
    return undefined; // a processor without vectors, or a limit on address space, of which V8 wants much
  }
}

// The locals of `learn`, its four arguments first.
const [RATE, KEEP, PRUNE, NEAR] = [0, 1, 2, 3];
const [PIXEL, REST, BITS] = [4, 5, 6];
const [KEEPS, PRUNES, COUNT, SPREAD, FITS, SHARE, WEIGHT, SCALE, FADED] = [7, 8, 9, 10, 11, 12, 13, 14, 15];
const [DISTANCE, OFF] = [16, 17]; // of each channel
const LOCALS: readonly (readonly [number, number])[] = [
  [3, I32],
  [13, V128],
];

/**
 * The rule of BackgroundSubtractor for a pixel that fits its heaviest mode, for four pixels at a time. What is left untouched of them is noted:
 * of vtest.avi 7 % in grey and 17 % in colour. With it a picture takes 0.75 times as long as OpenCV's WebAssembly takes in grey, 1.26 times in
 * colour; with the same loop in JavaScript 1.14 and 1.91 times (640x360).
 */
function learning({ stride, channels, at }: Layout): Code {
  const plane = stride * 4;
  const floats = i32.shiftLeft(get(PIXEL), integer(2));
  const splat = (value: number): Code => v128.splat(float(value));
  const ofMode = (start: number, mode: number): number => start + mode * plane;
  const meanAt = (channel: number): number => at.mean + channel * plane * MODES;
  const pixelBytes = channels === 1 ? get(PIXEL) : i32.add(i32.add(get(PIXEL), get(PIXEL)), get(PIXEL));
  /** Four bytes, `step` apart, as floats. */
  const bytes = (address: Code, offset: number, step: number): Code => {
    const lanes = [0, 1, 2, 3].flatMap((lane) => [lane * step, 16, 16, 16]);
    return v128.fromIntegers(shuffled(load(address, offset), lanes));
  };
  const stored = (offset: number, value: Code): Code => store(floats, { offset, value: v128.choose(value, load(floats, offset), get(FITS)) });
  const channelsDo = (make: (channel: number) => Code): Code => Array.from({ length: channels }, (_, channel) => make(channel)).flat();
  const othersDo = (make: (mode: number) => Code): Code => Array.from({ length: MODES - 1 }, (_, at) => make(at + 1)).flat();
  const moreThan = (mode: number): Code => v128.greaterThan(get(COUNT), splat(mode));
  const fadedOf = (mode: number): Code => v128.add(v128.mul(get(KEEPS), load(floats, ofMode(at.weight, mode))), get(PRUNES));

  const measure = [
    ...set(COUNT, bytes(get(PIXEL), at.modes, 1)),
    ...set(SPREAD, load(floats, at.variance)),
    ...set(DISTANCE, zeros),
    ...channelsDo((channel) => [
      ...set(OFF + channel, v128.sub(load(floats, meanAt(channel)), bytes(pixelBytes, at.picture + channel, channels))),
      ...set(DISTANCE, v128.add(get(DISTANCE), v128.mul(get(OFF + channel), get(OFF + channel)))),
    ]),
    ...set(FITS, v128.and(v128.lessThan(get(DISTANCE), v128.mul(v128.splat(get(NEAR)), get(SPREAD))), moreThan(0))),
  ];
  // The heaviest mode gains weight, the others fade; a pixel of which one has faded away is left to the full rule.
  const weigh = [
    ...othersDo((mode) =>
      when(v128.anyTrue(moreThan(mode)), [
        ...set(FADED, v128.and(moreThan(mode), v128.lessThan(fadedOf(mode), v128.sub(zeros, get(PRUNES))))),
        ...set(FITS, v128.and(get(FITS), v128.not(get(FADED)))),
      ]),
    ),
    ...set(WEIGHT, v128.add(v128.add(v128.mul(get(KEEPS), load(floats, at.weight)), get(PRUNES)), v128.splat(get(RATE)))),
    ...set(SHARE, v128.div(v128.splat(get(RATE)), get(WEIGHT))),
    // The weights sum up to 1 before; after decay, pruning bias and one gain of `rate` they sum up to 1 + count * prune.
    ...set(SCALE, v128.div(splat(1), v128.add(splat(1), v128.mul(get(COUNT), get(PRUNES))))),
    ...stored(at.weight, v128.mul(get(WEIGHT), get(SCALE))),
    ...othersDo((mode) => when(v128.anyTrue(moreThan(mode)), stored(ofMode(at.weight, mode), v128.mul(fadedOf(mode), get(SCALE))))),
  ];
  // A single mode weighs 1 before and after.
  const alone = set(SHARE, v128.div(v128.splat(get(RATE)), v128.add(v128.add(get(KEEPS), get(PRUNES)), v128.splat(get(RATE)))));
  const wider = v128.add(get(SPREAD), v128.mul(get(SHARE), v128.sub(get(DISTANCE), get(SPREAD))));
  const pull = [
    ...channelsDo((channel) => stored(meanAt(channel), v128.sub(load(floats, meanAt(channel)), v128.mul(get(SHARE), get(OFF + channel))))),
    ...stored(at.variance, v128.max(v128.min(wider, splat(MOST_VARIANCE)), splat(LEAST_VARIANCE))),
  ];
  const note = [
    ...set(BITS, v128.bits(v128.not(get(FITS)))),
    ...when(get(BITS), [
      ...storeInteger(get(REST), i32.or(i32.shiftLeft(get(PIXEL), integer(4)), get(BITS))),
      ...set(REST, i32.add(get(REST), integer(4))),
    ]),
  ];
  return [
    ...set(REST, integer(at.rest)),
    ...set(KEEPS, v128.splat(get(KEEP))),
    ...set(PRUNES, v128.splat(get(PRUNE))),
    ...repeatUntil(i32.atLeast(get(PIXEL), integer(stride)), [
      ...measure,
      ...when(v128.anyTrue(moreThan(1)), weigh, alone),
      ...pull,
      ...note,
      ...set(PIXEL, i32.add(get(PIXEL), integer(4))),
    ]),
    ...i32.shiftRight(i32.sub(get(REST), integer(at.rest)), integer(2)),
  ];
}
