import assert from "node:assert/strict";
import test from "node:test";
import { FfmpegEnd, type FfmpegExit } from "./ffmpeg-end.ts";

const NAMED = ["[info] Input #0, avi", "[mov @ 0x55] [error] moov atom not found", "[error] a.mp4: Invalid data found when processing input"];
const exit = (code: number | null, signal: string | null = null): FfmpegExit => ({ code, signal });
const CASES: readonly (readonly [string, readonly string[], FfmpegExit, string | undefined])[] = [
  ["an input that it refuses", NAMED, exit(1), undefined],
  ["the end of the input", NAMED, exit(0), undefined],
  ["a crash", [], exit(null, "SIGSEGV"), "was killed by SIGSEGV"],
  [
    "a crash behind complaints about the input",
    NAMED,
    exit(null, "SIGABRT"),
    'was killed by SIGABRT; its last lines: "[mov @ 0x55] [error] moov atom not found","[error] a.mp4: Invalid data found when processing input"',
  ],
  [
    "what the C library says, of which the end is kept",
    ["1", "2", "", "free(): invalid pointer", `${"x".repeat(300)}`],
    exit(134),
    `ended with exit status 134 and did not say why; its last lines: "2","free(): invalid pointer","${"x".repeat(200)}"`,
  ],
  ["somebody who asked it to end", ["[info] Exiting normally, received signal 15."], exit(255), "was ended by signal 15"],
  ["a crash on Windows", NAMED.slice(0, 1), exit(0xc0000005), "ended with exit status 3221225477 and did not say why"],
];
for (const [what, lines, how, crash] of CASES) {
  test(`tells ${what}`, () => {
    const end = new FfmpegEnd();
    for (const line of lines) end.heard(line);
    assert.equal(end.crash(how), crash);
  });
}
