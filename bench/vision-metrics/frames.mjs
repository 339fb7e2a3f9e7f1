// What every library is fed with: frames of five objects out of ten classes, and their latencies, in the same random order.
import { latencies, MASK, randomFrom } from "../data.mjs";

export const MODEL = "owlv2";
export const SOURCE = "default";
export const STAGES = ["decode", "preprocess", "inference", "postprocess", "track", "total"];
export const SHARES = [0.25, 0.125, 0.5, 0.02, 0.01, 1];
export const OBJECTS = 5;
const CLASSES = ["person", "car", "bicycle", "dog", "bus", "truck", "cat", "bird", "boat", "chair"];

/** `frames[i & MASK]`: what was found in a frame; `seconds[i & MASK]`: how long all of it took. */
export function frameData() {
  const random = randomFrom(11);
  const object = () => ({ label: CLASSES[Math.floor(random() * CLASSES.length)], confidence: random() });
  return { frames: Array.from({ length: MASK + 1 }, () => Array.from({ length: OBJECTS }, object)), seconds: latencies() };
}

/** Every eighth frame a track begins, and every eighth one ends. */
export const begins = (i) => (i & 7) === 0;
export const ends = (i) => (i & 7) === 4;

/** A little work on each frame, for the loops that measure what no call costs. */
export function frameWork(found, took, i) {
  let sum = begins(i) ? 1 : 0;
  for (let k = 0; k < SHARES.length; k++) sum += took * SHARES[k];
  for (const { label, confidence } of found) sum += label.length * confidence;
  return sum;
}
