import { inChild } from "../child.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const MOST_SHARE = 0.01;
const SKIP = 200;
/** Objects that "motion" finds in a frame of vtest.avi, and one more. */
const OBJECTS = 5;

/** Metrics on against off: what it adds to the CPU that detect() takes for a frame. */
export async function metricsCost({ quick, onStep, videos }) {
  const expected = videos.frames;
  const source = { kind: "video", input: videos["640x360"], threads: 1 };
  const runs = { on: [], off: [] };
  await interleaved({
    rows: [{ id: "metrics" }],
    clients: ["on", "off"],
    rounds: quick ? 3 : 10,
    onStep,
    async measure(_, side) {
      runs[side].push(await inChild("vision/detect-child.mjs", { source, metrics: side === "on", skip: SKIP, expected }));
      return 0;
    },
  });
  onStep("applying reports");
  const apply = await inChild("vision/apply-child.mjs", { objects: OBJECTS, batches: quick ? 11 : 31, frames: 20_000 });
  const frameNs = median(runs.off.map(({ nodeMs }) => nodeMs)) * 1e6;
  const row = (id, { on, off, scale, most }) => {
    const added = on.map((value, k) => ((value - off[k]) * scale) / frameNs);
    const share = median(added);
    return [
      id,
      ...[on, off].map((values) => number((median(values) * scale) / 1000)),
      `${percent(share)} (${[0.25, 0.75].map((at) => percent(quantile(added, at))).join(" to ")})`,
      most === undefined ? "–" : `at most ${percent(most)}`,
      most === undefined ? "–" : share <= most ? "ok" : "below",
    ];
  };
  const of = (side, what) => runs[side].map((run) => run[what]);
  return {
    title: "Vision: metrics on against off",
    text:
      `CPU microseconds a frame of \`detect\` with "motion" on 640x360, ffmpeg's not counted, after ${SKIP} frames of ${expected}; a process a run, on and off in turns. ` +
      `Added: the difference as a share of what a frame takes without metrics: the median over ${runs.on.length} pairs, or one ratio of medians for the last row; ` +
      "in brackets the quartiles. The whole process also has decoded pictures, detector, tracker, compiler and garbage collector in it, whose noise is many times " +
      "what is looked for; the main thread does all the recording and nothing else but taking reports; the last row is that recording alone, " +
      `in a loop of reports of ${OBJECTS} objects.`,
    table: [
      ["case", "on", "off", "added", "target", "verdict"],
      row("whole process", { on: of("on", "nodeMs"), off: of("off", "nodeMs"), scale: 1e6 }),
      row("main thread", { on: of("on", "mainMs"), off: of("off", "mainMs"), scale: 1e6 }),
      row("applying a report, alone", { on: [apply.on], off: [apply.off], scale: 1, most: MOST_SHARE }),
    ],
  };
}

const percent = (share) => `${number(share * 100)} %`;

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}
