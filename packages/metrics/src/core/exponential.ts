const SCHEMA = 8;
const PER_OCTAVE = 1 << SCHEMA;
const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer); // little-endian, as every machine that runs JavaScript today: [low, high]

/** The bounds 2^(k/256), rounded down, as the high 20 and low 32 bits of their mantissa. */
let boundHigh: Uint32Array | undefined;
let boundLow: Uint32Array;
/** For the top 11 bits of a mantissa: how many bounds lie below the smallest value with these bits. At most one more lies within. */
let candidates: Uint16Array;

function build(): Uint32Array {
  const high = new Uint32Array(PER_OCTAVE);
  boundLow = new Uint32Array(PER_OCTAVE);
  candidates = new Uint16Array(2048);
  // In integers of 120 bits behind the point: V8's `2 ** (k / 256)` is off by the last bit for 32 of the 256, and engines differ.
  let root = 2n << 120n;
  for (let k = 0; k < SCHEMA; k++) root = squareRoot(root << 120n);
  let bound = 1n << 120n;
  for (let k = 0; k < PER_OCTAVE; k++) {
    const mantissa = bound >> 68n;
    high[k] = Number((mantissa >> 32n) & 0xfffffn);
    boundLow[k] = Number(mantissa & 0xffffffffn);
    bound = (bound * root) >> 120n;
  }
  for (let cell = 0, k = 0; cell < 2048; cell++) {
    while (k < PER_OCTAVE && high[k]! < cell << 9) k++;
    candidates[cell] = k;
  }
  return high;
}

function squareRoot(square: bigint): bigint {
  let root = square;
  for (let next = 1n << 124n; next < root; next = (root + square / root) >> 1n) root = next; // Newton's method, from above
  return root;
}

/**
 * The index of the native-histogram bucket of a positive, normal number at schema 8: base^(index-1) < value <= base^index with base = 2^(1/256).
 * The index at a coarser schema s is `((index - 1) >> (8 - s)) + 1` (Prometheus' native histograms; OpenTelemetry's exponential histograms
 * count from one less). Read from the bits of the number with one small table instead of a logarithm: exact at the bounds, where log2 is not.
 */
export function exponentialIndex(value: number): number {
  const high = (boundHigh ??= build());
  f64[0] = value;
  const top = u32[1]!;
  const mantissa = top & 0xfffff;
  const low = u32[0]!;
  let k = candidates[mantissa >>> 9]!;
  // k bounds are below for certain; the next is below too, or it is not.
  while (k < PER_OCTAVE && (high[k]! < mantissa || (high[k] === mantissa && boundLow[k]! < low))) k++;
  return (((top >>> 20) & 0x7ff) - 1023) * PER_OCTAVE + k;
}

/** The index at schema `schema` (at most 8) of an index at schema 8. */
export const coarser = (index: number, schema: number): number => ((index - 1) >> (SCHEMA - schema)) + 1;
