import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import type { Writable } from "node:stream";
import { InferometerError, shown } from "@inferometer/metrics";
import type { Detection, Frame, StreamInfo } from "../types.ts";
import { annotate } from "./annotation.ts";
import { Canvas } from "./canvas.ts";
import type { FrameOutput } from "./detector-loop.ts";
import { outputKind } from "./output-path.ts";
import type { TrackResult } from "./words.ts";

export interface OutputSettings {
  readonly path: string;
  readonly ffmpeg: string;
  readonly every: number;
  readonly maxFramesPerSecond: number;
}

/** For streams that know no rate. */
const DEFAULT_RATE = 25;
/** A longer pause in the stream is a still of so many seconds in the video. */
const LONGEST_PAUSE_SECONDS = 10;
/** Once told to hurry, ffmpeg has so long to finish its file. */
const HURRY_MS = 3000;
const KEPT_WORDS = 2000;
// When only the last bytes of a file find no room, ffmpeg 5.1 says so and ends as if all were well.
const UNFINISHED = /^Error (writing trailer|closing file)/m;

/** A picture on its way to ffmpeg. */
interface Sheet {
  readonly canvas: Canvas;
  /** Resolves when ffmpeg has taken it; with the error where it has not. */
  written: Promise<Error | null | undefined>;
}

/**
 * Frames with what was found drawn in, as a video or as pictures, encoded by an ffmpeg of its own. A video has the timing of the stream: frames are
 * repeated where some were left out. While ffmpeg takes one picture the next one is drawn; there are never more.
 */
export class VideoOutput implements FrameOutput {
  readonly #settings: OutputSettings;
  readonly #info: StreamInfo;
  readonly #kind: "pictures" | "video";
  readonly #rate: number;
  readonly #sheets: Sheet[] = [];
  #child: ChildProcess | undefined;
  #closed: Promise<InferometerError | undefined> = Promise.resolve(undefined);
  #hurried = false;
  #frames = 0;
  #position = 0;
  #lastSeconds = 0;

  /** Throws OUTPUT_FAILED for a path that is neither a video nor pictures. ffmpeg is started with the first frame. */
  constructor(settings: OutputSettings, info: StreamInfo) {
    this.#settings = settings;
    this.#info = info;
    this.#kind = outputKind(settings.path);
    this.#rate = Math.min((info.framesPerSecond ?? DEFAULT_RATE) / settings.every, settings.maxFramesPerSecond);
    for (let sheet = 0; sheet < 2; sheet++) this.#sheets.push({ canvas: new Canvas(info.width, info.height), written: Promise.resolve(undefined) });
  }

  /** Rejects with OUTPUT_FAILED. */
  async write(frame: Frame, seen: { readonly detections: readonly Detection[]; readonly tracks: readonly TrackResult[] }): Promise<void> {
    const { stdin } = (this.#child ??= this.#start());
    const times = this.#kind === "pictures" ? 1 : this.#timesFor(frame.timestampSeconds);
    const sheet = this.#sheets[this.#frames++ % this.#sheets.length]!;
    await this.#taken(sheet);
    if (times === 0) return;
    sheet.canvas.copy(frame);
    annotate(sheet.canvas, seen);
    sheet.written = written(stdin!, sheet.canvas.pixels, times);
  }

  /** Completes the file. Rejects with OUTPUT_FAILED. */
  async finish(): Promise<void> {
    if (this.#child === undefined) return;
    for (const sheet of this.#sheets) await this.#taken(sheet);
    this.#child.stdin!.end();
    const failure = await this.#closed;
    if (failure !== undefined) throw failure;
  }

  /** Whoever waits wants to end: an ffmpeg that hangs is given up soon. */
  hurry(): void {
    if (this.#child === undefined || this.#hurried) return;
    this.#hurried = true;
    const timer = setTimeout(() => this.abandon(), HURRY_MS);
    const forget = (): void => clearTimeout(timer);
    this.#closed.then(forget, forget);
  }

  /** Ends ffmpeg, whatever becomes of the file. */
  abandon(): void {
    // Without a process id ffmpeg was never started, and Node's kill, called in the same turn, would signal our own process group.
    if (this.#child?.pid !== undefined) this.#child.kill("SIGKILL");
  }

  /** How often a frame is shown, so that the video keeps the stream's time. */
  #timesFor(timestampSeconds: number): number {
    if (this.#frames === 0) {
      this.#lastSeconds = timestampSeconds;
      return 1;
    }
    const step = timestampSeconds - this.#lastSeconds;
    this.#lastSeconds = timestampSeconds;
    // Time that stands still or was set back counts as one frame.
    this.#position += step > 0 ? Math.min(step, LONGEST_PAUSE_SECONDS) * this.#rate : 1;
    const times = Math.round(this.#position);
    this.#position -= times;
    return times;
  }

  async #taken(sheet: Sheet): Promise<void> {
    const error = await sheet.written;
    if (error === undefined || error === null) return;
    throw (await this.#closed) ?? new InferometerError("OUTPUT_FAILED", `The output ${shown(this.#settings.path)} broke off: ${error.message}.`);
  }

  #start(): ChildProcess {
    const { path, ffmpeg } = this.#settings;
    const child = spawn(ffmpeg, this.#arguments(), { stdio: ["pipe", "ignore", "pipe"] });
    let words = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      words = (words + text).slice(-KEPT_WORDS);
    });
    child.stdin.on("error", () => {}); // the write that failed tells
    this.#closed = new Promise((resolve) => {
      child.once("error", (error: NodeJS.ErrnoException) => resolve(startFailed(error, ffmpeg)));
      child.once("close", (code, signal) => {
        const failed = code !== 0 || UNFINISHED.test(words);
        resolve(failed ? writeFailed(path, words.trim() || `ffmpeg ended with ${code ?? signal}`) : undefined);
      });
    });
    return child;
  }

  #arguments(): string[] {
    const { path } = this.#settings;
    const { width, height } = this.#info;
    const input = ["-f", "rawvideo", "-pixel_format", "rgb24", "-video_size", `${width}x${height}`, "-framerate", String(this.#rate), "-i", "pipe:0"];
    const general = ["-hide_banner", "-loglevel", "error", "-y", ...input];
    const file = path.startsWith("-") ? `./${path}` : path;
    if (this.#kind === "pictures") return [...general, "-f", "image2", this.#picturesAt(file)];
    if (/\.gif$/i.test(path)) return [...general, file];
    // Half the colours, as players want it, need even sides: an odd picture gets a line more.
    const even = width % 2 === 0 && height % 2 === 0 ? [] : ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2"];
    const quick = /\.webm$/i.test(path) ? ["-deadline", "realtime", "-cpu-used", "8"] : ["-preset", "veryfast"];
    return [...general, ...even, "-pix_fmt", "yuv420p", ...quick, file];
  }

  #picturesAt(path: string): string {
    if (!/[\\/]$/.test(path)) return path;
    try {
      mkdirSync(path, { recursive: true });
    } catch (error) {
      throw writeFailed(path, (error as Error).message);
    }
    return `${path.replaceAll("%", "%%")}%06d.png`;
  }
}

/** Writes a picture so many times. Never rejects: who waits later must not be too late to hear of it. */
function written(stdin: Writable, pixels: Uint8Array, times: number): Promise<Error | null | undefined> {
  return new Promise((resolve) => {
    for (let time = 1; time < times; time++) stdin.write(pixels);
    stdin.write(pixels, (error) => resolve(error));
  });
}

function startFailed(error: NodeJS.ErrnoException, ffmpeg: string): InferometerError {
  const why = error.code === "ENOENT" ? "it is not there" : error.message;
  return new InferometerError(
    "OUTPUT_FAILED",
    `Cannot start ${shown(ffmpeg)} to write the output: ${why}. Install it (apt-get install ffmpeg), or name it in the option ffmpeg or in FFMPEG_PATH.`,
  );
}

function writeFailed(path: string, words: string): InferometerError {
  const line = words.split("\n").find((text) => /no space|permission|no such file|denied|read-only/i.test(text)) ?? words.split("\n").at(-1)!;
  return new InferometerError(
    "OUTPUT_FAILED",
    `Cannot write the output ${shown(path)}: ${line.trim().slice(0, 300)}. See that its folder is there, may be written to and has room.`,
  );
}
