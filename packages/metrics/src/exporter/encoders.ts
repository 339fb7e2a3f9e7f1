import type { Snapshot } from "../core/snapshot.ts";
import type { EncodeOptions, Format } from "../formats/format.ts";
import { inSlices } from "./slices.ts";

/** An encoded snapshot. `lent` bytes are the encoder's own and change at its next `encode`. */
export interface Encoded {
  readonly chunks: readonly Uint8Array[];
  readonly lent: boolean;
}

/** Writes snapshots in slices. One `encode` at a time. */
export interface Encoder {
  encode(snapshot: Snapshot): Promise<Encoded>;
}

/** Composes a snapshot from scratch, by the format's `stream`. */
export class StreamEncoder implements Encoder {
  readonly #format: Format;
  readonly #options: EncodeOptions;

  constructor(format: Format, options: EncodeOptions) {
    this.#format = format;
    this.#options = options;
  }

  async encode(snapshot: Snapshot): Promise<Encoded> {
    const chunks: Uint8Array[] = [];
    await inSlices(this.#format.stream(snapshot, this.#options), (chunk) => {
      if (chunk.byteLength > 0) chunks.push(chunk);
    });
    return { chunks, lent: false };
  }
}

/** A text that is kept and patched from snapshot to snapshot: a TextImage (formats/image.ts), or something that does the same elsewhere. */
export interface Image {
  update(snapshot: Snapshot): Iterable<void>;
  /** The text's bytes, which change at the next update. */
  chunks(): Iterable<Uint8Array>;
}

/** Patches the text of the last snapshot instead of writing it anew. */
export class ImageEncoder implements Encoder {
  readonly #create: () => Image;
  #image: Image | undefined;

  constructor(create: () => Image) {
    this.#create = create;
  }

  async encode(snapshot: Snapshot): Promise<Encoded> {
    this.#image ??= this.#create();
    const image = this.#image;
    const chunks: Uint8Array[] = [];
    try {
      await inSlices(image.update(snapshot));
      // Families beyond the image's budget are composed while they are read: that, too, is done in slices.
      await inSlices(image.chunks(), (chunk) => chunks.push(chunk));
    } catch (error) {
      // Half patched: begin anew next time.
      this.#image = undefined;
      throw error;
    }
    return { chunks, lent: true };
  }
}
