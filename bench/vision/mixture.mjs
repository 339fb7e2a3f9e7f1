import { readFileSync } from "node:fs";
import { inChild } from "../child.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const MOST = 1.6;
const MOST_DIFFERENT = 1 / 10_000;
const ROWS = [
  { id: "grey", channels: 1 },
  { id: "coloured", channels: 3 },
];

/** Our mixture of Gaussians against OpenCV's. */
export async function mixture({ quick, onStep, videos }) {
  const frames = quick ? 90 : 200;
  const results = await interleaved({
    rows: ROWS,
    clients: ["both"],
    rounds: quick ? 1 : 3,
    onStep,
    measure: ({ channels }) => inChild("vision/mixture-child.mjs", { video: videos["640x360"], channels, frames }),
  });
  const rows = ROWS.map(({ id }) => {
    const runs = results.get(id).get("both") ?? [];
    const ratios = runs.map(({ ours, theirs }) => ours / theirs);
    const ratio = median(ratios);
    const different = median(runs.map((run) => run.different));
    const kept = ratio <= MOST && different <= MOST_DIFFERENT;
    return [
      id,
      number(median(runs.map(({ ours }) => ours))),
      number(median(runs.map(({ theirs }) => theirs))),
      `${number(ratio)}x (${number(Math.min(...ratios))}–${number(Math.max(...ratios))})`,
      `${number(different * 10_000)} in 10 000`,
      `at most ${MOST}x, 1 in 10 000`,
      runs.length === 0 ? "not measured" : kept ? "ok" : "below",
    ];
  });
  const { version } = JSON.parse(readFileSync(new URL("../../node_modules/@techstark/opencv-js/package.json", import.meta.url), "utf8"));
  return {
    title: "Vision: background subtraction",
    text:
      `CPU milliseconds a picture of 640x360: our \`BackgroundSubtractor\` and the BackgroundSubtractorMOG2 of opencv-js ${version} (WebAssembly), both with shadows and a ` +
      `history of 500, on ${frames} pictures of vtest.avi behind the first 60, in turns in one process; the copying of pictures is not counted. Masks: pixels that differ, of all pictures.`,
    table: [["pictures", "ours", "OpenCV", "ours : OpenCV", "pixels that differ", "target", "verdict"], ...rows],
  };
}
