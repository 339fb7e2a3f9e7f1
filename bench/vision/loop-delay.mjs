import { inChild } from "../child.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const MOST = 2;
/** Node's own default. */
const RESOLUTION_MS = 10;
const ROWS = [
  { id: "camera, 30 frames a second", source: "camera" },
  { id: "file, as quickly as it goes", source: "file" },
];

/** What a running pipeline does to the event loop of the thread that called detect(). */
export async function loopDelay({ quick, onStep, videos }) {
  const input = videos["640x360"];
  const sources = {
    camera: { kind: "video", input, live: true, inputOptions: ["-stream_loop", "-1", "-readrate", String(30 / videos.framesPerSecond)] },
    file: { kind: "video", input, inputOptions: ["-stream_loop", "-1"] },
  };
  const runs = [];
  await interleaved({
    rows: [{ id: "event loop" }],
    clients: ["inferometer"],
    rounds: quick ? 1 : 3,
    onStep,
    async measure() {
      runs.push(await inChild("vision/delay-child.mjs", { sources, watchMs: quick ? 2000 : 3000, resolutionMs: RESOLUTION_MS }));
      return 0;
    },
  });
  const rows = ROWS.map(({ id, source }) => {
    const as = (value) => value + RESOLUTION_MS;
    const [idle, with_] = ["idle", source].map((name) => median(runs.map((run) => run[name])));
    const ratios = runs.map((run) => as(run[source]) / as(run.idle));
    const ratio = as(with_) / as(idle);
    return [
      id,
      number(as(idle)),
      number(as(with_)),
      `${number(ratio)}x (${number(Math.min(...ratios))}–${number(Math.max(...ratios))})`,
      `${number(idle)} and ${number(with_)}`,
      `at most ${MOST}x`,
      ratio <= MOST ? "ok" : "below",
    ];
  });
  return {
    title: "Vision: event loop of the calling thread",
    text:
      '99th percentile of `monitorEventLoopDelay`, milliseconds, while the calling thread does nothing, and while `detect` with "motion" and metrics runs on 640x360. ' +
      `As Node tells it, it contains the ${RESOLUTION_MS} ms between two looks; lateness is what is left without them. With a file all cores are busy, and ` +
      "lateness is mostly waiting for one.",
    table: [["case", "idle", "with detect", "ratio", "lateness, idle and with", "target", "verdict"], ...rows],
  };
}
