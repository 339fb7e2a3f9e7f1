export interface FfmpegExit {
  readonly code: number | null;
  readonly signal: string | null;
}

const KEPT_LINES = 3;
const LONGEST_LINE = 200;

/** Remembers of what ffmpeg says as much as is needed to tell a crash from an error that it named itself. */
export class FfmpegEnd {
  readonly #lines: string[] = [];
  #complained = false;
  #asked: string | undefined;

  heard(line: string): void {
    this.#asked ??= /received signal (\d+)/.exec(line)?.[1];
    if (/\[(error|fatal|panic)\] /.test(line)) this.#complained = true;
    // What it tells of a stream says nothing of its end; what the C library or a shell says has no level before it.
    if (line.trim() === "" || /\[(info|verbose|debug|trace)\] /.test(line)) return;
    this.#lines.push(line.trim().slice(0, LONGEST_LINE));
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
  }

  /**
   * "was killed by SIGSEGV", "ended with exit status 3 and did not say why", with the last lines behind it. Undefined where ffmpeg ended as it
   * should, or with an error of its own: that is then about the input.
   */
  crash({ code, signal }: FfmpegExit): string | undefined {
    const how =
      signal !== null
        ? `was killed by ${signal}`
        : this.#asked !== undefined
          ? `was ended by signal ${this.#asked}`
          : // Numbers above 255 are Windows' way to tell of a crash.
            code !== null && code !== 0 && (code > 255 || !this.#complained)
            ? `ended with exit status ${code} and did not say why`
            : undefined;
    return how && `${how}${this.#lines.length === 0 ? "" : `; its last lines: ${JSON.stringify(this.#lines).slice(1, -1)}`}`;
  }
}
