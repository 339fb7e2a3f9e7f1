import { inChild } from "../child.mjs";
import { number } from "../table.mjs";

const MOST_MIB = 4;
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
  const grown = lowest[2] - lowest[0];
  return {
    title: "Vision: memory over many frames",
    text:
      `MiB resident of a process that runs \`detect\` with "motion", tracker and metrics over ${thousands(frames)} synthetic frames of ${SIZE.width}x${SIZE.height}: ` +
      "the least in the last twentieth before each mark.",
    table: [
      ["case", ...marks.map((mark) => `after ${thousands(mark)}`), "growth", "target", "verdict"],
      ["resident, MiB", ...lowest.map(number), number(grown), `none (at most ${MOST_MIB})`, grown <= MOST_MIB ? "ok" : "below"],
    ],
  };
}

const thousands = (count) => count.toLocaleString("en-US").replaceAll(",", " ");
