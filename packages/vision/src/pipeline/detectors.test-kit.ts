import { parentPort } from "node:worker_threads";
import type { Detection, Detector, Frame } from "../types.ts";

// Detectors for tests with real threads. Which one is made is said behind the "#" of the module's address.

const thing = ({ width, height }: Frame): Detection[] => [
  { box: { x: 4, y: 4, width: width / 2, height: height / 2 }, label: "thing", confidence: 0.9 },
];
const busy = (milliseconds: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
const later = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
const hang = (): Promise<never> => new Promise(() => {});

const DETECTORS: Readonly<Record<string, Omit<Detector, "name">>> = {
  quick: { detect: thing },
  slow: {
    detect: (frame) => {
      busy(20);
      return thing(frame);
    },
  },
  async: {
    detect: async (frame, clock) => {
      await later(6);
      clock?.mark("preprocess");
      await later(4);
      return thing(frame);
    },
  },
  /** Every third frame. */
  failing: {
    detect: (frame) => {
      if (frame.index % 3 === 0) throw new RangeError("every third frame");
      return thing(frame);
    },
  },
  /** Loses its GPU at the fifth frame. */
  falling: {
    ...{ device: "cuda", fallbacks: [] as { from: string; to: string }[] },
    detect(frame) {
      if (frame.index === 5) Object.assign(this, { device: "cpu", fallbacks: [{ from: "cuda", to: "cpu" }] });
      return thing(frame);
    },
  },
  broken: {
    detect: () => {
      throw new Error("never works");
    },
  },
  unopened: { open: () => Promise.reject(new Error("no model")), detect: thing },
  hanging: { detect: (frame) => (frame.index < 3 ? thing(frame) : hang()) },
  /** Never gives the event loop back. */
  looping: {
    detect: (frame) => {
      if (frame.index >= 3) for (;;) busy(1000);
      return thing(frame);
    },
  },
  unclosed: { detect: thing, close: hang },
  dying: {
    detect: (frame) => {
      if (frame.index === 5) process.exit(7);
      return thing(frame);
    },
  },
  /** Throws where nobody catches it. */
  throwing: {
    detect: (frame) => {
      if (frame.index === 5) setImmediate(() => busyThrow());
      return later(5).then(() => thing(frame));
    },
  },
  /** Leaves a timer behind. */
  untidy: {
    open: () => void setInterval(() => {}, 1000),
    detect: thing,
  },
  port: { detect: (frame) => (parentPort === null ? [] : thing(frame)) },
};

function busyThrow(): never {
  throw new Error("thrown into the void");
}

const kind = new URL(import.meta.url).hash.slice(1);

/** The detector of this address. */
export const detector: Detector = { name: kind, ...DETECTORS[kind]! };
