// IEEE 754 half precision, for Node versions without Float16Array.

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** The 16 bits of the nearest half-precision number; ties go to the even one, what is too large becomes infinite. */
export function toHalf(value: number): number {
  single[0] = value;
  const from = bits[0]!;
  const sign = (from >>> 16) & 0x8000;
  const rest = from & 0x7fff_ffff;
  if (rest > 0x7f80_0000) return sign | 0x7e00; // NaN
  if (rest >= 0x477f_f000) return sign | 0x7c00; // 65520 and above
  if (rest >= 0x3880_0000) {
    // From 2^-14 on: the exponent's bias falls from 127 to 15, and 13 bits are rounded away.
    const moved = rest - 0x3800_0000;
    return sign | ((moved + 0xfff + ((moved >>> 13) & 1)) >>> 13);
  }
  // Below: whole multiples of 2^-24. The product is exact, and so is the half that decides.
  const parts = Math.abs(value) * 2 ** 24;
  const down = Math.floor(parts);
  const over = parts - down;
  return sign | (over > 0.5 || (over === 0.5 && down % 2 === 1) ? down + 1 : down);
}

/** The number that 16 bits stand for. */
export function fromHalf(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

let table: Float32Array | undefined;

/** Writes a whole array of halves as numbers: one look-up each, in a table of 256 KiB that is made at the first call. */
export function readHalves(from: Uint16Array, into: Float32Array): void {
  table ??= Float32Array.from({ length: 65_536 }, (_, half) => fromHalf(half));
  for (let at = 0; at < from.length; at++) into[at] = table[from[at]!]!;
}
