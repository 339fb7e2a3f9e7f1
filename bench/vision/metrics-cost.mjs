import { inChild } from "../child.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const MOST_SHARE = 0.01;
const WARM_UP = 3000;
const SKIP = 200;
/** Objects that "motion" finds in a frame of vtest.avi, and one more. */
const OBJECTS = 5;

/** Metrics on against off: what it adds to the CPU that detect() takes for a frame. */
export async function metricsCost({ quick, onStep, videos }) {
  const expected = quick ? 600 : 1000;
  const inputOptions = ["-stream_loop", "-1", "-t", String(expected / videos.framesPerSecond)];
  const source = { kind: "video", input: videos["640x360"], threads: 1, inputOptions };
  const runs = { on: [], off: [] };
  await interleaved({
    rows: [{ id: "metrics" }],
    clients: ["on", "off"],
    rounds: quick ? 3 : 6,
    onStep,
    async measure(_, side) {
      runs[side].push(await inChild("vision/detect-child.mjs", { source, metrics: side === "on", warmUp: WARM_UP, skip: SKIP, expected }));
      return 0;
    },
  });
  onStep("applying reports");
  const apply = await inChild("vision/apply-child.mjs", { objects: OBJECTS, batches: quick ? 11 : 31, frames: 20_000 });
  const frameNs = median(runs.off.map(({ nodeMs }) => nodeMs)) * 1e6;
  const row = (id, { on, off, scale }) => {
    const added = on.map((value, k) => ((value - off[k]) * scale) / frameNs);
    const [low, share, high] = [quantile(added, 0.25), median(added), quantile(added, 0.75)];
    return [
      id,
      ...[on, off].map((values) => number((median(values) * scale) / 1000)),
      `${percent(share)} (${percent(low)} to ${percent(high)})`,
      `at most ${percent(MOST_SHARE)}`,
      high - low > 2 * MOST_SHARE ? "lost in the noise" : share <= MOST_SHARE ? "ok" : "below",
    ];
  };
  const of = (side, what) => runs[side].map((run) => run[what]);
  return {
    title: "Vision: metrics on against off",
    text:
      `CPU microseconds a frame of \`detect\` with "motion" on 640x360, ffmpeg's not counted, nor the first ${SKIP} of ${expected} frames; ${WARM_UP} small ones before have ` +
      "warmed up the calling thread. A process a run, on and off in turns. " +
      `Added: the difference as a share of what a frame takes without metrics: the median over ${runs.on.length} pairs, or one ratio of medians for the last row; ` +
      "in brackets the quartiles. In the whole process are also reading, detector, tracker, compiler and garbage collector, whose noise is many times " +
      "what is looked for. The main thread does all the recording, and nothing else but taking reports; between two frames it finds its caches emptied by the " +
      `others' pictures. The last row is the recording alone, in a loop of reports of ${OBJECTS} objects.`,
    table: [
      ["case", "on", "off", "added", "target", "verdict"],
      row("whole process", { on: of("on", "nodeMs"), off: of("off", "nodeMs"), scale: 1e6 }),
      row("main thread", { on: of("on", "mainMs"), off: of("off", "mainMs"), scale: 1e6 }),
      row("applying a report, alone", { on: [apply.on], off: [apply.off], scale: 1 }),
    ],
  };
}

const percent = (share) => `${number(share * 100)} %`;

function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.round(share * (sorted.length - 1))];
}
