import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, type Duration, InferometerError, parseDuration, systemClock } from "@inferometer/metrics";
import type { FrameStamp, PixelFormat, Source, SourceEvent, SourceOpenOptions, StreamInfo } from "../types.ts";
import { Backoff } from "./backoff.ts";
import { FfmpegProcess, type Verdict } from "./ffmpeg-process.ts";
import { findFfmpeg } from "./find-ffmpeg.ts";
import { secretsRemover } from "./secrets.ts";
import { bytesOf, checkedInput, pictureFilters, type VideoInput, videoInput } from "./video-input.ts";

export interface VideoSpec {
  readonly kind: "video";
  /** A path, a camera (`/dev/video0`), or an address that ffmpeg reads (rtsp, http, srt, …). */
  readonly input: string;
  /** Path of ffmpeg. Default: the variable FFMPEG_PATH, else the PATH. */
  readonly ffmpeg?: string;
  /** Pictures come whether or not anybody is ready. Default: true for cameras and addresses, but not for a file behind http(s). */
  readonly live?: boolean;
  /** How long a picture may be waited for before ffmpeg is started anew. Default "10s" for live sources, "30s" for files. */
  readonly stallAfter?: Duration;
  /** Starts anew without a picture in between, after which the source is given up. Default Infinity for live sources, 3 for files. */
  readonly maxRestarts?: number;
  /** Threads that decode. Default: ffmpeg's own choice. 1 is a good choice where several sources run. */
  readonly threads?: number;
  /**
   * More options of ffmpeg for the input, for example ["-video_size", "1280x720"]. With "-f" among them `input` is whatever that format calls its
   * inputs (["-f", "x11grab"] and ":0.0"). Default none.
   */
  readonly inputOptions?: readonly string[];
}

type FirstPicture = Verdict & { kind: "picture" };

const NOT_FOUND = /No such (file|device)|Connection refused|404 Not Found|resolve|Name or service|unreachable|No route/i;

/**
 * A video file, camera or network stream, decoded by ffmpeg in a process of its own.
 *
 * When ffmpeg dies or gives no picture for `stallAfter`, it is started anew: a file goes on behind the last picture that was handed out, so none is
 * lost; a live source goes on with what comes then (how much passed in between is not known), its timestamps with the time that passed.
 * A file that ends early because it is cut off ends as usual, with "decode-error" events.
 */
export class VideoSource implements Source {
  readonly name: string;
  readonly live: boolean;
  readonly #spec: VideoSpec;
  readonly #clock: Clock;
  readonly #clean: (text: string) => string;
  readonly #stallMs: number;
  readonly #maxRestarts: number;
  readonly #closing: AbortController = new AbortController();
  readonly #backoff: Backoff = new Backoff();
  #input: VideoInput;
  #program = "";
  #run: FfmpegProcess | undefined;
  #onEvent: (event: SourceEvent) => void = () => {};
  #form: { width: number; height: number; pixelFormat: PixelFormat } = { width: 0, height: 0, pixelFormat: "rgb24" };
  #frameSeconds = 1 / 25;
  #index = 0;
  #lastSeconds = 0;
  /** Added to what ffmpeg tells, which starts at 0 after each start. */
  #baseSeconds = 0;
  #openedAtMs = 0;
  #stalled = false;

  constructor(spec: VideoSpec, { clock = systemClock }: { clock?: Clock } = {}) {
    this.#spec = spec;
    this.#clock = clock;
    this.#clean = secretsRemover(spec.input);
    this.#input = videoInput(spec.input, { live: spec.live, format: spec.inputOptions?.includes("-f") ?? false });
    this.name = this.#input.name;
    this.live = this.#input.live;
    this.#stallMs = parseDuration(spec.stallAfter ?? (this.live ? "10s" : "30s"));
    this.#maxRestarts = spec.maxRestarts ?? (this.live ? Number.POSITIVE_INFINITY : 3);
  }

  /** Beside what every source throws: SOURCE_LOST where no picture came within `stallAfter`. */
  async open(options: SourceOpenOptions = {}): Promise<StreamInfo & { readonly frames?: number }> {
    this.#onEvent = options.onEvent ?? (() => {});
    this.#program = findFfmpeg(this.#spec.ffmpeg);
    this.#input = checkedInput(this.#input);
    this.#openedAtMs = this.#clock.now();
    const { pixelFormat = "rgb24" } = options;
    const { run, first } = await this.#startFirst(options);
    if (first === undefined) {
      const closed = this.#closing.signal.aborted;
      const crash = closed || this.#stalled ? undefined : await run.crash();
      await this.close();
      throw closed ? this.#lost("it was closed") : this.#cannotOpen(run, crash);
    }
    this.#form = { width: first.width, height: first.height, pixelFormat };
    const { framesPerSecond, durationSeconds } = run;
    if (framesPerSecond !== undefined) this.#frameSeconds = 1 / framesPerSecond;
    this.#onEvent({ kind: "up" });
    const frames = this.live || framesPerSecond === undefined || durationSeconds === undefined ? 0 : Math.round(durationSeconds * framesPerSecond);
    return { ...this.#form, ...(framesPerSecond === undefined ? {} : { framesPerSecond }), ...(frames > 0 ? { frames } : {}) };
  }

  async read(into: Uint8Array): Promise<FrameStamp | undefined> {
    const bytes = bytesOf(this.#form);
    if (into.length < bytes) {
      throw new InferometerError(
        "OPTION_INVALID",
        `A buffer of ${into.length} bytes cannot hold a picture of ${bytes}. Use the size that open() tells.`,
      );
    }
    const target = into.subarray(0, bytes);
    while (!this.#closing.signal.aborted) {
      const run = this.#run;
      if (run === undefined) throw new InferometerError("OPTION_INVALID", `The source ${this.name} was not opened. Await open() first.`);
      const stamp = await this.#watched(run, () => this.#next(run, target));
      if (typeof stamp === "object") return stamp;
      if (this.#closing.signal.aborted) return undefined;
      const reason = await this.#whyEnded(run, stamp);
      if (reason === undefined) return undefined;
      await this.#restart(run, reason);
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#run?.kill();
  }

  /** The next picture; "size" where it has another size than the first; undefined where ffmpeg has ended. */
  async #next(run: FfmpegProcess, target: Uint8Array): Promise<FrameStamp | "size" | undefined> {
    for (;;) {
      const verdict = await run.verdict();
      if (verdict === undefined) return undefined;
      if (verdict.kind === "lost") {
        this.#lostPicture();
        continue;
      }
      if (verdict.width !== this.#form.width || verdict.height !== this.#form.height) return "size";
      if (!(await run.pictures.read(target))) {
        // A file is read again from there; of a live source it is gone.
        if (this.live && !this.#closing.signal.aborted) this.#lostPicture();
        return undefined;
      }
      this.#backoff.succeeded();
      const seconds = verdict.seconds === undefined ? this.#lastSeconds + this.#frameSeconds : this.#baseSeconds + verdict.seconds;
      this.#lastSeconds = seconds;
      return { index: this.#index++, timestampSeconds: seconds };
    }
  }

  /** Runs `work`; when that takes longer than `stallAfter`, ffmpeg is killed, which ends the work. */
  async #watched<T>(run: FfmpegProcess, work: () => Promise<T>): Promise<T> {
    const watchdog = setTimeout(() => {
      this.#stalled = true;
      void run.kill();
    }, this.#stallMs);
    try {
      return await work();
    } finally {
      clearTimeout(watchdog);
    }
  }

  /** Undefined at the regular end of a file. */
  async #whyEnded(run: FfmpegProcess, outcome: "size" | undefined): Promise<string | undefined> {
    if (outcome === "size") {
      await run.kill();
      return "size";
    }
    const { code, signal } = await run.exited;
    if (this.#stalled) return "stalled";
    if (code === 0) return this.live ? "ended" : undefined;
    return signal !== null || code === 255 ? "killed" : "failed"; // 255: ffmpeg was asked to end by a signal and did so
  }

  #lostPicture(): void {
    this.#index++;
    this.#onEvent({ kind: "decode-error", type: "undecodable", count: 1 });
    this.#onEvent({ kind: "dropped", reason: "corrupt", count: 1 });
  }

  /** Until there is a picture again. Throws SOURCE_LOST when that was tried often enough, or makes no sense. */
  async #restart(last: FfmpegProcess, reason: string): Promise<void> {
    let message = await this.#told(last, reason);
    if (reason !== "size") this.#onEvent({ kind: "down", message });
    for (let why = reason; ; ) {
      if (this.#backoff.tries >= this.#maxRestarts || this.#input.kind === "pipe") throw this.#lost(message);
      const waitMs = this.#backoff.nextMs();
      if (this.live && why !== "size") await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      if (this.#closing.signal.aborted) return;
      this.#onEvent({ kind: "restart", reason: why });
      const run = await this.#start(this.#form, this.live ? {} : { fromSeconds: this.#lastSeconds + this.#frameSeconds / 2 });
      if ((await this.#watched(run, () => run.firstPicture())) !== undefined) break;
      const { code } = await run.exited;
      if (this.#closing.signal.aborted || (!this.live && code === 0)) return; // a file that had ended just there: `read` finds that out
      why = this.#stalled ? "stalled" : "failed";
      message = await this.#told(run, why);
    }
    if (this.live) this.#baseSeconds = Math.max((this.#clock.now() - this.#openedAtMs) / 1000, this.#lastSeconds + this.#frameSeconds);
    this.#onEvent({ kind: "up" });
  }

  /** The reason of a restart in a sentence. */
  async #told(run: FfmpegProcess, reason: string): Promise<string> {
    if (reason === "stalled") return `no picture for ${this.#stallMs / 1000} s`;
    if (reason === "size") return "its pictures changed their size";
    return `ffmpeg ${(await run.crash()) ?? `${reason}${run.lastWords && `: ${run.lastWords}`}`}`;
  }

  /** For grey pictures of a file it is guessed how its brightness is stored: nearly always so that it can be had for less. If not, ffmpeg starts anew. */
  async #startFirst(options: SourceOpenOptions): Promise<{ readonly run: FfmpegProcess; readonly first: FirstPicture | undefined }> {
    const { width, height, pixelFormat } = options;
    const start = async (studioLuma: boolean): Promise<{ readonly run: FfmpegProcess; readonly first: FirstPicture | undefined }> => {
      const run = await this.#start(options, { studioLuma });
      return { run, first: await this.#watched(run, () => run.firstPicture()) };
    };
    if (pixelFormat !== "gray8" || this.live || this.#input.kind !== "file" || width !== undefined || height !== undefined) return start(false);
    const untold: SourceEvent[] = [];
    const tell = this.#onEvent;
    this.#onEvent = (event) => untold.push(event);
    const guessed = await start(true);
    this.#onEvent = tell;
    if (guessed.run.studioLuma !== true && !this.#stalled && !this.#closing.signal.aborted) {
      await guessed.run.kill();
      return start(false);
    }
    for (const event of untold) tell(event);
    return guessed;
  }

  async #start(
    form: SourceOpenOptions,
    { fromSeconds, studioLuma = false }: { readonly fromSeconds?: number; readonly studioLuma?: boolean } = {},
  ): Promise<FfmpegProcess> {
    const { threads, inputOptions = [] } = this.#spec;
    const before = [...(threads === undefined ? [] : ["-threads", String(threads)]), ...inputOptions];
    if (fromSeconds !== undefined && this.#index > 0) {
      before.push("-ss", fromSeconds.toFixed(6));
      this.#baseSeconds = Number(fromSeconds.toFixed(6));
    }
    const run = await FfmpegProcess.start({
      program: this.#program,
      // V: not the picture on the cover of a piece of music.
      args: [...before, ...this.#input.args, "-map", "0:V:0", "-vf", pictureFilters({ ...form, studioLuma })],
      clean: this.#clean,
      onTrouble: (type) => this.#onEvent({ kind: "decode-error", type, count: 1 }),
    });
    this.#stalled = false;
    this.#run = run;
    if (this.#closing.signal.aborted) await run.kill();
    return run;
  }

  #cannotOpen(run: FfmpegProcess, crash: string | undefined): InferometerError {
    const words = run.lastWords;
    if (crash !== undefined) {
      const message = `${this.name} was not opened: ${this.#program} ${crash}. Check that it works (-version), and that there is memory enough.`;
      return new InferometerError("SOURCE_LOST", message);
    }
    if (/fps_mode/.test(words)) {
      return new InferometerError(
        "PROGRAM_MISSING",
        `${this.#program} is too old (${words}). Install ffmpeg 5.1 or newer, or name one by the option ffmpeg.`,
      );
    }
    if (this.#stalled) return this.#lost(`it gave no picture for ${this.#stallMs / 1000} s${words && `: ${words}`}`);
    if (NOT_FOUND.test(words)) return new InferometerError("SOURCE_NOT_FOUND", `${this.name} cannot be reached: ${words}. Check the address.`);
    const said = /matches no streams/.test(words) ? "it has no video stream" : words || "ffmpeg found no picture in it";
    return new InferometerError("SOURCE_INVALID", `${this.name} is not a video that ffmpeg can decode: ${said}. Try to play it, or convert it.`);
  }

  #lost(why: string): InferometerError {
    const advice =
      this.#input.kind === "file" ? "Is the file still there and whole?" : "Check that it runs and is reachable, or allow a longer stallAfter.";
    return new InferometerError("SOURCE_LOST", `${this.name} was given up after picture ${this.#index}: ${why}. ${advice}`);
  }
}
