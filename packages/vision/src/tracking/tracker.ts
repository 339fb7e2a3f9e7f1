import { type Duration, parseDuration } from "@inferometer/metrics";
import { iou } from "../boxes.ts";
import { checkOptions, POSITIVE, SHARE } from "../option-check.ts";
import type { Box, Detection } from "../types.ts";
import { assign } from "./assignment.ts";
import { LiveTrack, type LostReason, type Track, type TrackEvent } from "./track.ts";

export interface TrackerOptions {
  /** Detections from here on take part in the first round, with their confidence. Default 0.5. */
  readonly highConfidence?: number;
  /** Detections from here on may continue a track in the second round; weaker ones are left out. Default 0.1. */
  readonly lowConfidence?: number;
  /** A detection must be this sure to begin a track. Default 0.6. */
  readonly startConfidence?: number;
  /** For how long a track that is not seen waits to be seen again. Default "1s". */
  readonly lostAfter?: Duration;
  /** A track only goes on with its own label. Turn off for models that change their mind between "car" and "truck". Default true. */
  readonly matchLabels?: boolean;
  /** Size of the frames in pixels; without it, nothing is known to have left the frame. */
  readonly frame?: { readonly width: number; readonly height: number };
  /** Assumed where frames carry no usable time. Default 30. */
  readonly framesPerSecond?: number;
}

/** Counts since the tracker was made. At every moment, `created` is `active` plus the sum of `lost`. */
export interface TrackerStatistics {
  readonly created: number;
  readonly lost: Readonly<Record<LostReason, number>>;
  /** Tracks that are followed now, those included that wait to be seen again. */
  readonly active: number;
  /** Candidates that were seen once and never again: they were not counted as created. */
  readonly rejected: number;
  readonly recovered: number;
}

export interface TrackerUpdate {
  /** The tracks that were seen in this frame. */
  readonly tracks: readonly Track[];
  readonly events: readonly TrackEvent[];
}

// Costs from which a pair is not made, ByteTrack's values: overlap times confidence in the first round, overlap alone in the second.
const FIRST_LIMIT = 0.8;
const SECOND_LIMIT = 0.5;
const CANDIDATE_LIMIT = 0.7;
const DUPLICATE_IOU = 0.85;
// Of two tracks that fit a detection about equally, the one that was seen in the last frame goes on.
const WAITING_HANDICAP = 0.05;
// A track waits for at least so many frames, however slow the stream.
const LEAST_WAIT_FRAMES = 3;
const STEPS_PER_SECOND = 30;
const LONGEST_STEP_SECONDS = 1;

/**
 * Follows what a detector finds: Y. Zhang et al., "ByteTrack: multi-object tracking by associating every detection box", ECCV 2022. Sure
 * detections are paired with tracks first; the tracks left over are then looked for among the unsure ones, which are mostly things that are
 * half hidden. Positions come from a Kalman filter that counts in seconds, so dropped frames and slow streams do no harm. Keeps only the tracks
 * that are alive.
 *
 * @example
 * const tracker = new Tracker({ frame: { width: 640, height: 360 } });
 * for (const frame of frames) {
 *   const { tracks, events } = tracker.update(detector.detect(frame), { timestampSeconds: frame.timestampSeconds });
 *   for (const event of events) if (event.type === "lost") console.log(event.track.id, event.reason);
 * }
 * tracker.finish();
 */
export class Tracker {
  readonly #options: Required<Omit<TrackerOptions, "frame" | "lostAfter">>;
  readonly #frame: { readonly width: number; readonly height: number } | undefined;
  readonly #lostAfterSeconds: number;
  readonly #lost: Record<LostReason, number> = { expired: 0, left_frame: 0, duplicate: 0, stream_end: 0 };
  #tracks: LiveTrack[] = [];
  #candidates: LiveTrack[] = [];
  #events: TrackEvent[] = [];
  #created = 0;
  #rejected = 0;
  #recovered = 0;
  #seconds = Number.NaN;

  /** Throws OPTION_INVALID for confidences outside 0 to 1 and rates that are not positive, DURATION_INVALID for `lostAfter`. */
  constructor(options: TrackerOptions = {}) {
    const { highConfidence = 0.5, lowConfidence = 0.1, startConfidence = 0.6, lostAfter = "1s" } = options;
    const { matchLabels = true, frame, framesPerSecond = 30 } = options;
    checkOptions({ highConfidence, lowConfidence, startConfidence }, SHARE);
    checkOptions({ framesPerSecond }, POSITIVE);
    this.#options = { highConfidence, lowConfidence, startConfidence, matchLabels, framesPerSecond };
    this.#frame = frame === undefined ? undefined : { ...frame };
    this.#lostAfterSeconds = parseDuration(lostAfter) / 1000;
  }

  /** Takes the detections of the next frame. Time that stands still or goes back counts as one frame. */
  update(detections: readonly Detection[], { timestampSeconds }: { readonly timestampSeconds: number }): TrackerUpdate {
    this.#events = [];
    const isFirst = Number.isNaN(this.#seconds);
    this.#advance(timestampSeconds);
    const { highConfidence, lowConfidence, startConfidence } = this.#options;
    const sure = detections.filter(({ confidence }) => confidence >= highConfidence);
    const unsure = detections.filter(({ confidence }) => confidence >= lowConfidence && confidence < highConfidence);

    let rest = this.#match(this.#tracks, sure, { limit: FIRST_LIMIT, byConfidence: true });
    const seenLast = this.#tracks.filter(({ missed }) => missed === 1);
    this.#match(seenLast, unsure, { limit: SECOND_LIMIT, byConfidence: false });
    rest = this.#match(this.#candidates, rest, { limit: CANDIDATE_LIMIT, byConfidence: true });

    this.#promote();
    for (const detection of rest) {
      if (detection.confidence < startConfidence) continue;
      const track = new LiveTrack(detection, this.#seconds);
      if (isFirst)
        this.#create(track); // what is there from the start needs no second look
      else this.#candidates.push(track);
    }
    this.#expire();
    this.#dropDuplicates();
    return { tracks: this.#tracks.filter(({ missed }) => missed === 0).map(({ snapshot }) => snapshot), events: this.#events };
  }

  /** Ends all tracks, because the stream ended. The tracker can be used again for another stream; ids and counts go on. */
  finish(): TrackerUpdate {
    this.#events = [];
    for (const track of [...this.#tracks]) this.#lose(track, "stream_end");
    this.#rejected += this.#candidates.length;
    this.#candidates = [];
    this.#seconds = Number.NaN;
    return { tracks: [], events: this.#events };
  }

  get statistics(): TrackerStatistics {
    return {
      created: this.#created,
      lost: { ...this.#lost },
      active: this.#tracks.length,
      rejected: this.#rejected,
      recovered: this.#recovered,
    };
  }

  #advance(timestampSeconds: number): void {
    const { framesPerSecond } = this.#options;
    const difference = timestampSeconds - this.#seconds;
    const passed = difference > 0 ? difference : 1 / framesPerSecond;
    if (Number.isFinite(timestampSeconds)) this.#seconds = timestampSeconds;
    else this.#seconds = Number.isNaN(this.#seconds) ? 0 : this.#seconds + passed;
    const steps = Math.min(passed, LONGEST_STEP_SECONDS) * STEPS_PER_SECOND;
    for (const track of this.#tracks) track.predict(steps, passed);
    for (const track of this.#candidates) track.predict(steps, passed);
  }

  /** Pairs those tracks that were not seen yet with detections, and returns the detections left over. */
  #match(
    from: readonly LiveTrack[],
    detections: readonly Detection[],
    { limit, byConfidence }: { limit: number; byConfidence: boolean },
  ): Detection[] {
    const tracks = from.filter(({ missed }) => missed > 0);
    const values = new Float64Array(tracks.length * detections.length);
    tracks.forEach(({ expected, label, missed }, row) => {
      const handicap = missed > 1 ? WAITING_HANDICAP : 0;
      detections.forEach((detection, column) => {
        const allowed = !this.#options.matchLabels || detection.label === label;
        const weight = byConfidence ? detection.confidence : 1;
        values[row * detections.length + column] = allowed ? 1 - iou(expected, detection.box) * weight + handicap : 2;
      });
    });
    const taken = new Set<number>();
    assign({ values, rows: tracks.length, columns: detections.length }, limit).forEach((column, row) => {
      if (column === -1) return;
      taken.add(column);
      this.#see(tracks[row]!, detections[column]!);
    });
    return detections.filter((_, column) => !taken.has(column));
  }

  #see(track: LiveTrack, detection: Detection): void {
    const missed = track.missed - 1; // the prediction for this frame counted as one
    track.see(detection, this.#seconds);
    if (track.id === 0 || missed === 0) return;
    this.#recovered++;
    this.#events.push({ type: "recovered", track: track.snapshot });
  }

  /** Candidates that were seen again become tracks; the others are dropped. */
  #promote(): void {
    const candidates = this.#candidates;
    this.#candidates = [];
    for (const candidate of candidates) {
      if (candidate.missed === 0) this.#create(candidate);
      else this.#rejected++;
    }
  }

  #create(track: LiveTrack): void {
    track.id = ++this.#created;
    this.#tracks.push(track);
    this.#events.push({ type: "created", track: track.snapshot });
  }

  #lose(track: LiveTrack, reason: LostReason): void {
    this.#tracks.splice(this.#tracks.indexOf(track), 1);
    this.#lost[reason]++;
    this.#events.push({ type: "lost", track: track.snapshot, reason });
  }

  #expire(): void {
    for (const track of this.#tracks.filter(({ missed }) => missed > 0)) {
      const waited = track.unseenSeconds > this.#lostAfterSeconds && track.missed > LEAST_WAIT_FRAMES;
      if (this.#isOutside(track.expected) || (waited && this.#wasLeaving(track))) this.#lose(track, "left_frame");
      else if (waited) this.#lose(track, "expired");
    }
  }

  /** Whether the middle of the box is not in the frame. */
  #isOutside({ x, y, width, height }: Box): boolean {
    if (this.#frame === undefined) return false;
    const [middleX, middleY] = [x + width / 2, y + height / 2];
    return middleX < 0 || middleY < 0 || middleX > this.#frame.width || middleY > this.#frame.height;
  }

  /** Whether the track was last seen at an edge of the frame, on its way out. */
  #wasLeaving({ lastDetection, velocity }: LiveTrack): boolean {
    if (this.#frame === undefined) return false;
    const { x, y, width, height } = lastDetection.box;
    const nearX = this.#frame.width * 0.01;
    const nearY = this.#frame.height * 0.01;
    return (
      (x <= nearX && velocity.x < 0) ||
      (y <= nearY && velocity.y < 0) ||
      (x + width >= this.#frame.width - nearX && velocity.x > 0) ||
      (y + height >= this.#frame.height - nearY && velocity.y > 0)
    );
  }

  /** Of a track that is seen and one that waits at the same place, the one that was seen more often stays, and is there now. */
  #dropDuplicates(): void {
    for (const one of this.#tracks.filter(({ missed }) => missed === 0)) {
      for (const other of this.#tracks.filter(({ missed }) => missed > 0)) {
        if (iou(one.expected, other.expected) <= DUPLICATE_IOU) continue;
        if (this.#options.matchLabels && one.label !== other.label) continue;
        const otherIsOlder = other.detections > one.detections;
        if (otherIsOlder) this.#see(other, one.lastDetection);
        this.#lose(otherIsOlder ? one : other, "duplicate");
        if (otherIsOlder) break;
      }
    }
  }
}
