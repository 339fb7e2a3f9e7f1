import { type ChildProcess, spawn } from "node:child_process";
import { platform } from "node:process";
import type { Readable, Writable } from "node:stream";
import { InferometerError } from "@inferometer/metrics";
import { FfmpegEnd, type FfmpegExit } from "./ffmpeg-end.ts";
import { type DecodeErrorType, type FfmpegWord, readFfmpegLine } from "./ffmpeg-words.ts";
import { PicturePipe } from "./picture-pipe.ts";

/** What became of one packet: a picture whose bytes can be read, or nothing. */
export type Verdict = (FfmpegWord & { kind: "picture" }) | { readonly kind: "lost" };

export interface FfmpegProcessOptions {
  /** Path of ffmpeg. */
  readonly program: string;
  /** From the input's options to the filters, without those that every run has. */
  readonly args: readonly string[];
  /** Takes secrets out of what ffmpeg says. */
  readonly clean: (text: string) => string;
  /** Told of each fault in the data that costs no picture. */
  readonly onTrouble: (type: DecodeErrorType) => void;
  /** "pipe" gives `stdin`. Default "ignore". */
  readonly stdin?: "ignore" | "pipe";
}

const KEPT_COMPLAINTS = 8;

/** One run of ffmpeg: pictures through a pipe, and in step with them what it says about each. */
export class FfmpegProcess {
  readonly pictures: PicturePipe;
  readonly exited: Promise<FfmpegExit>;
  readonly #child: ChildProcess;
  readonly #clean: (text: string) => string;
  readonly #onTrouble: (type: DecodeErrorType) => void;
  readonly #verdicts: Verdict[] = [];
  readonly #complaints: string[] = [];
  readonly #end: FfmpegEnd = new FfmpegEnd();
  #wake: (() => void) | undefined;
  #ended = false;
  #durationSeconds: number | undefined;
  #exactRate: number | undefined;
  #averageRate: number | undefined;
  #studioLuma: boolean | undefined;

  private constructor(child: ChildProcess, pictures: PicturePipe, { clean, onTrouble }: FfmpegProcessOptions) {
    this.#child = child;
    this.pictures = pictures;
    this.#clean = clean;
    this.#onTrouble = onTrouble;
    child.stdin?.on("error", () => {}); // it ends before all is written: `exited` tells
    this.#listen(child.stderr!);
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => {
        this.#ended = true;
        this.#wake?.();
        resolve({ code, signal });
      });
    });
  }

  /** Throws PROGRAM_MISSING when the program cannot be started. */
  static async start(options: FfmpegProcessOptions): Promise<FfmpegProcess> {
    const { pipe, far } = await PicturePipe.open();
    const args = ["-nostdin", "-nostats", "-hide_banner", "-loglevel", "level+info", ...options.args];
    // The raw encoder would keep a picture for each of its threads until the next one comes: one thread, so that each leaves at once.
    args.push("-max_error_rate", "1", "-fps_mode", "passthrough", "-threads", "1", "-f", "rawvideo", "pipe:1");
    // A process group of its own: Ctrl-C in a terminal is for the program that we run in, which then closes the source.
    const child = spawn(options.program, args, { stdio: [options.stdin ?? "ignore", far, "pipe"], detached: platform !== "win32" });
    const started = new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
    const run = new FfmpegProcess(child, pipe, options);
    try {
      await started;
    } catch (cause) {
      pipe.close();
      throw new InferometerError("PROGRAM_MISSING", `${options.program} cannot be started: ${(cause as Error).message}.`, { cause });
    } finally {
      far.destroy();
    }
    return run;
  }

  /** Length of the input as its header tells it. */
  get durationSeconds(): number | undefined {
    return this.#durationSeconds;
  }

  /** Nominal rate of the input: the exact one, unless its pictures come at another on average. */
  get framesPerSecond(): number | undefined {
    const [exact, average] = [this.#exactRate, this.#averageRate];
    return exact !== undefined && (average === undefined || Math.abs(exact / average - 1) < 0.01) ? exact : average;
  }

  /** Whether the input's brightness is a plane of bytes from 16 to 235, as it nearly always is. Undefined where ffmpeg found no video. */
  get studioLuma(): boolean | undefined {
    return this.#studioLuma;
  }

  get stdin(): Writable | null {
    return this.#child.stdin;
  }

  /** What went wrong, in a line, without secrets. */
  get lastWords(): string {
    const plain = this.#complaints.filter((text) => !/^Conversion failed|^Exiting normally/.test(text));
    return [...new Set(plain)].slice(-2).join("; ");
  }

  /** How it came to its end, where that was not the input's doing; undefined where it was. Waits for the end. */
  async crash(): Promise<string | undefined> {
    return this.#end.crash(await this.exited);
  }

  /** The next packet's outcome; undefined when ffmpeg has ended. */
  async verdict(): Promise<Verdict | undefined> {
    while (this.#verdicts.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#verdicts.shift();
  }

  /** Waits for the first picture and leaves it where it is. Undefined when ffmpeg ended without one. */
  async firstPicture(): Promise<(Verdict & { kind: "picture" }) | undefined> {
    for (;;) {
      const picture = this.#verdicts.find((verdict) => verdict.kind === "picture");
      if (picture !== undefined || this.#ended) return picture;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** How many pictures were promised and not yet asked for. */
  get promised(): number {
    return this.#verdicts.filter(({ kind }) => kind === "picture").length;
  }

  /** Ends it at once: what it decodes can be had again or is not wanted. */
  async kill(): Promise<void> {
    // Without a process id ffmpeg was never started, and Node's kill, called in the same turn, would signal our own process group.
    if (this.#child.pid !== undefined) this.#child.kill("SIGKILL");
    this.pictures.close();
    await this.exited;
  }

  #listen(stderr: Readable): void {
    let rest = "";
    stderr.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split(/[\r\n]/);
      rest = lines.pop()!.slice(-10_000);
      for (const line of lines) this.#heard(line);
    });
  }

  #heard(line: string): void {
    const word: FfmpegWord | undefined = readFfmpegLine(line);
    if (word?.kind !== "picture") this.#end.heard(this.#clean(line));
    switch (word?.kind) {
      case "picture":
        this.#verdicts.push(word);
        break;
      case "trouble":
        // A picture that is lost is told by whoever comes upon the verdict: that it came to nothing and that it is missing are one thing.
        if (word.lost) this.#verdicts.push({ kind: "lost" });
        else this.#onTrouble(word.type);
        break;
      case "duration":
        this.#durationSeconds = word.seconds;
        return;
      case "rate":
        this.#exactRate ??= word.framesPerSecond;
        return;
      case "stream":
        // The input's lines come first, the output's later.
        this.#averageRate ??= word.framesPerSecond;
        this.#studioLuma ??= word.studioLuma;
        return;
      case "complaint":
        this.#complaints.push(this.#clean(word.text));
        if (this.#complaints.length > KEPT_COMPLAINTS) this.#complaints.shift();
        if (word.inData) this.#onTrouble("bitstream");
        return;
      case undefined:
        return;
    }
    this.#wake?.();
  }
}
