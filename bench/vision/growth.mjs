import { inChild } from "../child.mjs";

const MOST_MIB = 1;
const SIZE = { width: 64, height: 48 };
// Frames beyond the last mark: at the end the threads go, and what they held.
const BEYOND = 1.02;

/** Whether memory grows over a day's frames. */
export async function growth({ quick, onStep }) {
  const frames = quick ? 10_000 : 100_000;
  onStep(`${frames} frames`);
  const marks = [0.2, 0.6, 1].map((share) => share * frames);
  const residentEvery = frames / 200;
  const all = frames * BEYOND;
  const source = { kind: "synthetic", frames: all, ...SIZE };
  const { resident } = await inChild("vision/detect-child.mjs", { source, metrics: true, expected: all, residentEvery });
  // Memory comes and goes with the garbage; what is kept shows at its lowest points. Each mark stands for the 5 % of frames before it.
  const lowest = marks.map((mark) => Math.min(...resident.slice(mark / residentEvery - 10, mark / residentEvery)));
  const [first, last] = [lowest[1] - lowest[0], lowest[2] - lowest[1]];
  return {
    title: "Vision: memory over many frames",
    text:
      `MiB resident of a process that runs \`detect\` with "motion", tracker and metrics over ${thousands(frames)} synthetic frames of ${SIZE.width}x${SIZE.height}: ` +
      "the least in the last twentieth before each mark. A thread's first full garbage collection, at some 28 000 frames, brings 6 to 8 MiB once, which V8 keeps " +
      "for the next ones (`--trace-gc`); so growth is judged behind it.",
    table: [
      ["case", ...marks.map((mark) => `after ${thousands(mark)}`), "growth, first", "growth, last", "target", "verdict"],
      [
        "resident, MiB",
        ...lowest.map((mib) => mib.toFixed(1)),
        ...[first, last].map((mib) => mib.toFixed(2)),
        `last: none (at most ${MOST_MIB})`,
        last <= MOST_MIB ? "ok" : "below",
      ],
    ],
  };
}

const thousands = (count) => count.toLocaleString("en-US").replaceAll(",", " ");
