/**
 * A number in [0, 1) that depends only on the seed and the two keys. It has no state, so frame 1000 can be had without frame 999.
 * The mixing is the finalizer of MurmurHash3 (Appleby, public domain), over the keys multiplied by odd constants.
 */
export function randomAt(seed: number, a: number, b = 0): number {
  let h = (seed | 0) ^ Math.imul(a | 0, 0x9e3779b1) ^ Math.imul(b | 0, 0x85ebca77);
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h = (h ^ (h >>> 16)) + 0x6d2b79f5;
  }
  return (h >>> 0) / 0x1_0000_0000;
}
