import type { Box, Detection } from "../types.ts";
import { BoxFilter } from "./box-filter.ts";

/** A thing that is followed from frame to frame. */
export interface Track {
  /** From 1, never used twice by a tracker. */
  readonly id: number;
  /** Where it is, smoothed over time; may reach over the frame's edges. */
  readonly box: Box;
  /** The label it was given most often. */
  readonly label: string;
  /** Confidence of the last detection. */
  readonly confidence: number;
  /** Frames in which it was detected. */
  readonly detections: number;
  /** Presentation time of the first and the last detection. */
  readonly firstSeconds: number;
  readonly lastSeconds: number;
}

/** Why a track ended: not seen for too long; walked out of the picture; was another track's double; the stream ended. */
export type LostReason = "expired" | "left_frame" | "duplicate" | "stream_end";

/** What happened to a track. `recovered`: seen again after it had not been for at least one frame. */
export type TrackEvent =
  | { readonly type: "created"; readonly track: Track }
  | { readonly type: "recovered"; readonly track: Track }
  | { readonly type: "lost"; readonly track: Track; readonly reason: LostReason };

/** A track with its filter. It is a candidate until it has been seen twice in a row. */
export class LiveTrack {
  /** 0 while it is a candidate. */
  id = 0;
  /** Updates and seconds since it was seen. */
  missed = 0;
  unseenSeconds = 0;
  /** Where it should be now. */
  expected: Box;
  readonly firstSeconds: number;
  lastSeconds: number;
  /** What was seen of it last, unsmoothed. */
  lastDetection: Detection;
  readonly #filter: BoxFilter;
  readonly #votes: Map<string, number> = new Map();
  #label: string;
  #detections = 1;

  constructor(detection: Detection, seconds: number) {
    this.#filter = new BoxFilter(detection.box);
    this.#label = detection.label;
    this.#votes.set(detection.label, 1);
    this.expected = detection.box;
    this.lastDetection = detection;
    this.firstSeconds = this.lastSeconds = seconds;
  }

  get label(): string {
    return this.#label;
  }

  get velocity(): { readonly x: number; readonly y: number } {
    return this.#filter.velocity;
  }

  get detections(): number {
    return this.#detections;
  }

  predict(steps: number, passedSeconds: number): void {
    this.#filter.predict(steps, { seen: this.missed === 0 });
    this.expected = this.#filter.box;
    this.missed++;
    this.unseenSeconds += passedSeconds;
  }

  see(detection: Detection, seconds: number): void {
    const { box, label } = detection;
    this.#filter.update(box);
    this.expected = this.#filter.box;
    this.lastDetection = detection;
    this.lastSeconds = seconds;
    this.missed = 0;
    this.unseenSeconds = 0;
    this.#detections++;
    const votes = (this.#votes.get(label) ?? 0) + 1;
    this.#votes.set(label, votes);
    if (votes > this.#votes.get(this.#label)!) this.#label = label;
  }

  /** What the world sees: a copy that does not change any more. */
  get snapshot(): Track {
    const { id, expected: box, label, detections, firstSeconds, lastSeconds } = this;
    return { id, box, label, confidence: this.lastDetection.confidence, detections, firstSeconds, lastSeconds };
  }
}
