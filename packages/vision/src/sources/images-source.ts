import { type Dirent, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InferometerError, shown } from "@inferometer/metrics";
import { checkOptions } from "../option-check.ts";
import type { FrameStamp, Source, SourceEvent, SourceOpenOptions, StreamInfo } from "../types.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";
import { PictureDecoder, type PictureForm, wantedSize } from "./picture-decoder.ts";
import { bytesOf } from "./video-input.ts";

export interface ImagesSpec {
  readonly kind: "images";
  readonly folder: string;
  /** For the timestamps. Default 25. */
  readonly framesPerSecond?: number;
  /** Path of ffmpeg. Default: the variable FFMPEG_PATH, else the PATH. */
  readonly ffmpeg?: string;
}

const PICTURE = /\.(jpe?g|png|bmp|webp)$/i;

/**
 * The pictures of a folder (JPEG, PNG, BMP, WebP), "2.jpg" before "10.jpg", each scaled to the size of the first. One that cannot be decoded is
 * told as dropped ("corrupt"), and the next follows.
 */
export class ImagesSource implements Source {
  readonly name: string;
  readonly live = false;
  readonly #spec: ImagesSpec;
  #paths: string[] = [];
  #next = 0;
  #decoder: PictureDecoder | undefined;
  #form: PictureForm = { width: 0, height: 0, pixelFormat: "rgb24" };
  #onEvent: (event: SourceEvent) => void = () => {};
  #closed = false;

  constructor(spec: ImagesSpec) {
    const { framesPerSecond = 25 } = spec;
    checkOptions({ framesPerSecond }, { fits: (rate) => rate > 0 && rate <= 1000, wanted: "a number above 0, up to 1000" });
    this.#spec = spec;
    this.name = spec.folder;
  }

  async open(options: SourceOpenOptions = {}): Promise<StreamInfo & { readonly frames: number }> {
    const { folder, framesPerSecond = 25, ffmpeg } = this.#spec;
    this.#onEvent = options.onEvent ?? (() => {});
    this.#paths = picturesIn(folder);
    this.#decoder = new PictureDecoder(findFfmpeg(ffmpeg));
    const own = await this.#sizeOfFirst(this.#decoder);
    this.#form = { ...wantedSize(own, options), pixelFormat: options.pixelFormat ?? "rgb24" };
    this.#onEvent({ kind: "up" });
    return { ...this.#form, framesPerSecond, frames: this.#paths.length };
  }

  async read(into: Uint8Array): Promise<FrameStamp | undefined> {
    const { framesPerSecond = 25 } = this.#spec;
    const bytes = bytesOf(this.#form);
    if (into.length < bytes) {
      throw new InferometerError(
        "OPTION_INVALID",
        `A buffer of ${into.length} bytes cannot hold a picture of ${bytes}. Use the size that open() tells.`,
      );
    }
    while (!this.#closed && this.#next < this.#paths.length) {
      const index = this.#next++;
      const picture = await readPicture(this.#paths[index]!);
      const fine = picture !== undefined && !this.#closed && (await this.#decoder!.decode(picture, into, this.#form));
      if (this.#closed) return undefined;
      if (fine) return { index, timestampSeconds: index / framesPerSecond };
      this.#onEvent({ kind: "decode-error", type: "undecodable", count: 1 });
      this.#onEvent({ kind: "dropped", reason: "corrupt", count: 1 });
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#decoder?.close();
  }

  async #sizeOfFirst(decoder: PictureDecoder): Promise<{ width: number; height: number }> {
    for (const path of this.#paths) {
      const picture = await readPicture(path);
      const size = picture === undefined ? undefined : await decoder.sizeOf(picture);
      if (size !== undefined) return size;
    }
    const { length } = this.#paths;
    if (decoder.crash !== undefined) {
      const message = `None of the ${length} pictures in ${shown(this.name)} was decoded: ffmpeg ${decoder.crash}. Check that it works (-version).`;
      throw new InferometerError("SOURCE_LOST", message);
    }
    throw new InferometerError(
      "SOURCE_INVALID",
      `None of the ${length} pictures in ${shown(this.name)} can be decoded. Open one to see whether it is whole.`,
    );
  }
}

function picturesIn(folder: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOTDIR")
      throw new InferometerError("SOURCE_INVALID", `${shown(folder)} is not a folder. Name the folder that holds the pictures.`, { cause });
    const why = code === "ENOENT" ? "does not exist" : `cannot be opened (${code})`;
    throw new InferometerError("SOURCE_NOT_FOUND", `The folder ${shown(folder)} ${why}. Check its path.`, { cause });
  }
  const names = entries.filter((entry) => !entry.isDirectory() && PICTURE.test(entry.name)).map(({ name }) => name);
  if (names.length === 0) {
    throw new InferometerError(
      "SOURCE_INVALID",
      `The folder ${shown(folder)} holds no pictures: ${entries.length} entries, none of them .jpg, .png, .bmp or .webp.`,
    );
  }
  return names.sort(new Intl.Collator("en", { numeric: true }).compare).map((name) => join(folder, name));
}

async function readPicture(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
}
