import type { FrameStamp, PixelFormat, Source, SourceEvent, StreamInfo } from "../types.ts";
import type { Bell } from "./bell.ts";
import type { Board } from "./board.ts";
import { monotonicSeconds } from "./monotonic.ts";
import { Ring, type SlotStamp } from "./ring.ts";
import { Sampler, type SamplerOptions } from "./sampler.ts";

/** What happens to a frame for which there is no room. */
export type DropPolicy = "wait" | "drop-oldest" | "drop-newest";

export interface ReaderSettings extends SamplerOptions {
  /** Default: "wait" for a source that can wait, "drop-oldest" for a live one. */
  readonly drop?: DropPolicy;
  /** Frames that may wait for the detector. */
  readonly queueSize: number;
  /** Asked of the source. Default: whatever it has. */
  readonly pixelFormat?: PixelFormat;
}

export interface ReaderParts {
  readonly board: Board;
  readonly bell: Bell;
  readonly onOpen: (info: StreamInfo & { readonly frames?: number }, ring: Ring) => void;
  readonly onEvent: (event: SourceEvent) => void;
}

/**
 * Reads a source to its end, or until the board says stop, into a ring of frames. Whatever becomes of a frame here is counted on the board; the
 * source is closed in any case. `stop` ends a read that waits.
 */
export class Reader {
  readonly #source: Source;
  readonly #settings: ReaderSettings;
  readonly #parts: ReaderParts;
  readonly #drop: DropPolicy;
  #closing: Promise<void> | undefined;

  constructor(source: Source, { settings, parts }: { readonly settings: ReaderSettings; readonly parts: ReaderParts }) {
    this.#source = source;
    this.#settings = settings;
    this.#parts = parts;
    this.#drop = settings.drop ?? (source.live ? "drop-oldest" : "wait");
  }

  /** Rejects with what the source threw. */
  async run(): Promise<void> {
    const { board, bell, onOpen } = this.#parts;
    const { pixelFormat } = this.#settings;
    try {
      const info = await this.#source.open({ onEvent: (event) => this.#hear(event), ...(pixelFormat === undefined ? {} : { pixelFormat }) });
      const ring = new Ring({ queueSize: this.#settings.queueSize, frameBytes: info.width * info.height * bytesOf(info.pixelFormat) });
      onOpen(info, ring);
      await this.#read(ring);
    } catch (error) {
      // A source that is closed while it opens, or reads, may well complain.
      if (!board.stopped) throw error;
    } finally {
      board.end();
      bell.ring();
      await this.#close();
    }
  }

  /** Ends a read that waits, and with it `run`. */
  stop(): void {
    this.#parts.board.stop();
    this.#parts.bell.awake();
    this.#close().catch(() => {}); // `run` awaits the same promise
  }

  async #read(ring: Ring): Promise<void> {
    const { board, bell } = this.#parts;
    const sampler = new Sampler(this.#settings);
    const { live } = this.#source;
    while (!board.stopped) {
      // What waits for its reader is none the worse for it; what is live goes on without us.
      if (board.paused && !live) {
        await bell.sleepUnless(() => board.stopped || !board.paused);
        continue;
      }
      const slot = ring.freeSlot();
      const begun = monotonicSeconds();
      const stamp = await this.#source.read(ring.pixels(slot));
      if (stamp === undefined) return;
      const takenSeconds = monotonicSeconds();
      board.countReceived(1);
      if (board.paused && live) board.countDropped("paused", 1);
      else if (!sampler.takes(stamp)) board.countDropped("sampled", 1);
      else if (await this.#hasRoom(ring)) {
        ring.publish(slot, slotStamp(stamp, { takenSeconds, decodeSeconds: takenSeconds - begun }));
        bell.ring();
      }
    }
  }

  /** Makes or awaits room for a frame; false, and the frame counted, when there will be none. */
  async #hasRoom(ring: Ring): Promise<boolean> {
    const { board, bell } = this.#parts;
    while (ring.full >= this.#settings.queueSize && !board.stopped) {
      if (this.#drop === "wait") await bell.sleepUnless(() => board.stopped || ring.full < this.#settings.queueSize);
      else if (this.#drop === "drop-newest") {
        board.countDropped("backpressure", 1);
        return false;
      } else if (ring.dropOldest()) board.countDropped("backpressure", 1);
    }
    if (!board.stopped) return true;
    board.countDropped("shutdown", 1);
    return false;
  }

  #hear(event: SourceEvent): void {
    const { board, onEvent } = this.#parts;
    if (event.kind === "dropped") {
      board.countReceived(event.count);
      board.countDropped(event.reason, event.count);
    } else onEvent(event);
  }

  #close(): Promise<void> {
    this.#closing ??= this.#source.close();
    return this.#closing;
  }
}

function bytesOf(format: PixelFormat): number {
  return format === "rgb24" ? 3 : 1;
}

function slotStamp({ index, timestampSeconds }: FrameStamp, times: { readonly takenSeconds: number; readonly decodeSeconds: number }): SlotStamp {
  return { index, timestampSeconds, ...times };
}
