import { FfmpegProcess } from "./ffmpeg-process.ts";
import { bytesOf, pictureFilters } from "./video-input.ts";

export interface PictureForm {
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: "rgb24" | "gray8";
}

/** ffmpeg's name for the decoder of a compressed picture, by its first bytes; undefined for what is none that we read. */
export function codecOf(picture: Uint8Array): string | undefined {
  const starts = (at: number, ...bytes: number[]): boolean => bytes.every((byte, i) => picture[at + i] === byte);
  if (starts(0, 0xff, 0xd8, 0xff)) return "mjpeg";
  if (starts(0, 0x89, 0x50, 0x4e, 0x47)) return "png";
  if (starts(0, 0x42, 0x4d)) return "bmp";
  if (starts(0, 0x52, 0x49, 0x46, 0x46) && starts(8, 0x57, 0x45, 0x42, 0x50)) return "webp";
  if (starts(0, 0x50, 0x36, 0x0a)) return "ppm";
  return undefined;
}

/**
 * Decodes single pictures (JPEG, PNG, BMP, WebP, PPM) with one long-lived ffmpeg for each kind.
 *
 * Pictures go in framed as multipart HTTP, whose parts tell their length: ffmpeg has each at once, and none can run into the next. One goes in
 * and one answer comes out. After anything but a clean picture that ffmpeg is ended, so no answer can be taken for another's.
 */
export class PictureDecoder {
  readonly #program: string;
  readonly #timeoutMs: number;
  readonly #runs: Map<string, FfmpegProcess> = new Map();
  #crash: string | undefined;

  /** @param options.timeoutMs Longest time for one picture. Default 10 000. */
  constructor(program: string, { timeoutMs = 10_000 }: { timeoutMs?: number } = {}) {
    this.#program = program;
    this.#timeoutMs = timeoutMs;
  }

  /** How ffmpeg last came to its end, where that was not a picture's doing. */
  get crash(): string | undefined {
    return this.#crash;
  }

  /** Size of a picture; undefined when it cannot be decoded. */
  async sizeOf(picture: Uint8Array): Promise<{ readonly width: number; readonly height: number } | undefined> {
    const codec = codecOf(picture);
    if (codec === undefined) return undefined;
    const run = await this.#start(codec, undefined);
    this.#runs.set("size", run);
    const verdict = await this.#ask(run, picture);
    await run.kill();
    return verdict;
  }

  /** Writes a picture, scaled to `form`, into `into`. False when it cannot be decoded. One call at a time, always with the same form. */
  async decode(picture: Uint8Array, into: Uint8Array, form: PictureForm): Promise<boolean> {
    const codec = codecOf(picture);
    if (codec === undefined) return false;
    const run = this.#runs.get(codec) ?? (await this.#start(codec, form));
    this.#runs.set(codec, run);
    const fine = (await this.#ask(run, picture)) !== undefined && (await run.pictures.read(into.subarray(0, bytesOf(form)))) && run.promised === 0;
    if (!fine) {
      this.#runs.delete(codec);
      await run.kill();
    }
    return fine;
  }

  async close(): Promise<void> {
    const runs = [...this.#runs.values()];
    this.#runs.clear();
    await Promise.all(runs.map((run) => run.kill()));
  }

  #start(codec: string, form: PictureForm | undefined): Promise<FfmpegProcess> {
    // A PNG that no demuxer marked as a key frame is added to the one before, unless it carries this tag (libavcodec/pngdec.c).
    const tag = codec === "png" ? ["-tag:v", "MPNG"] : [];
    // Nothing is to be learned by reading ahead, and reading ahead would wait for pictures that come only after the answer.
    const input = [
      "-threads",
      "1",
      "-probesize",
      "32",
      "-analyzeduration",
      "0",
      "-fpsprobesize",
      "0",
      "-f",
      "mpjpeg",
      "-c:v",
      codec,
      ...tag,
      "-i",
      "pipe:0",
    ];
    const args = [...input, "-map", "0:v:0", "-vf", pictureFilters(form ?? {})];
    return FfmpegProcess.start({ program: this.#program, args, clean: (text) => text, onTrouble: () => {}, stdin: "pipe" });
  }

  async #ask(run: FfmpegProcess, picture: Uint8Array): Promise<{ width: number; height: number } | undefined> {
    run.stdin!.write(`--picture\r\nContent-Type: image/jpeg\r\nContent-Length: ${picture.length}\r\n\r\n`);
    run.stdin!.write(picture);
    run.stdin!.write("\r\n");
    let late = false;
    const watchdog = setTimeout(() => {
      late = true;
      void run.kill();
    }, this.#timeoutMs);
    const verdict = await run.verdict();
    clearTimeout(watchdog);
    if (verdict === undefined) this.#crash = late ? `gave no picture for ${this.#timeoutMs / 1000} s` : await run.crash();
    return verdict?.kind === "picture" ? { width: verdict.width, height: verdict.height } : undefined;
  }
}

/** The size that is asked for; a side that is not follows from the other. */
export function wantedSize(
  own: { width: number; height: number },
  { width, height }: { width?: number; height?: number },
): { width: number; height: number } {
  const follow = (length: number, of: number, other: number): number => Math.max(1, Math.round((length * other) / of));
  return {
    width: width ?? (height === undefined ? own.width : follow(height, own.height, own.width)),
    height: height ?? (width === undefined ? own.height : follow(width, own.width, own.height)),
  };
}
