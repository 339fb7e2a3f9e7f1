import { once } from "node:events";
import { MessageChannel } from "node:worker_threads";
import type { Detection, Frame, FrameStamp, Source, SourceOpenOptions, StreamInfo } from "../types.ts";
import { Bell } from "./bell.ts";
import { Board } from "./board.ts";
import type { FrameReport } from "./words.ts";

export const SMALL: StreamInfo = { width: 4, height: 2, pixelFormat: "gray8", framesPerSecond: 10 };

/** A source that gives what the test puts into it; each picture is filled with its index. */
export class FakeSource implements Source {
  readonly name = "fake";
  readonly live: boolean;
  closed = 0;
  reads = 0;
  options: SourceOpenOptions | undefined;
  readonly #frames: (FrameStamp | undefined | Error)[] = [];
  #waiting: (() => void) | undefined;

  constructor({ live = false, frames = 0, end = frames > 0 }: { readonly live?: boolean; readonly frames?: number; readonly end?: boolean } = {}) {
    this.live = live;
    for (let index = 0; index < frames; index++) this.#frames.push({ index, timestampSeconds: index / 10 });
    if (end) this.#frames.push(undefined);
  }

  put(...frames: (FrameStamp | undefined | Error)[]): void {
    this.#frames.push(...frames);
    this.#waiting?.();
  }

  open(options?: SourceOpenOptions): Promise<StreamInfo> {
    this.options = options;
    return Promise.resolve(SMALL);
  }

  async read(into: Uint8Array): Promise<FrameStamp | undefined> {
    this.reads++;
    while (this.#frames.length === 0) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    const frame = this.#frames.shift();
    if (frame instanceof Error) throw frame;
    if (frame !== undefined) into.fill(frame.index);
    return frame;
  }

  close(): Promise<void> {
    this.closed++;
    this.put(undefined);
    return Promise.resolve();
  }
}

/** The bells of both sides of a board, in one thread. */
export function bells(board: Board = new Board()): { readonly board: Board; readonly reader: Bell; readonly detector: Bell; close(): void } {
  const { port1, port2 } = new MessageChannel();
  const reader = new Bell(port1, { board, own: "reader", other: "detector" });
  const detector = new Bell(port2, { board, own: "detector", other: "reader" });
  port1.on("message", () => reader.awake());
  port2.on("message", () => detector.awake());
  return { board, reader, detector, close: () => port1.close() };
}

/** Lets everything happen that can: messages, promises. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) {
    const { port1, port2 } = new MessageChannel();
    port2.postMessage(null);
    await once(port1, "message");
    port1.close();
    await new Promise(setImmediate);
  }
}

export function detectionAt(x: number, confidence = 0.9): Detection {
  return { box: { x, y: 0, width: 10, height: 10 }, label: "thing", confidence };
}

export function frameOf({
  width = 4,
  height = 2,
  fill = 0,
}: {
  readonly width?: number;
  readonly height?: number;
  readonly fill?: number;
} = {}): Frame {
  return { data: new Uint8Array(width * height * 3).fill(fill), width, height, pixelFormat: "rgb24", index: 0, timestampSeconds: 0 };
}

export function reportOf(given: Partial<FrameReport> = {}): FrameReport {
  const stageSeconds = { decode: 0.001, queue: 0.002, preprocess: 0.003, inference: 0.004, postprocess: 0.005, track: 0.006, output: 0, total: 0.02 };
  return { kind: "frame", index: 0, timestampSeconds: 0, stageSeconds, detections: [], tracks: [], events: [], waiting: 0, ...given };
}
