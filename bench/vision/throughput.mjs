import { inChild } from "../child.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const ROWS = [
  { id: "motion, 640x360", detector: "motion", video: "640x360", frames: 1590, least: 200 },
  { id: "people, vtest.avi 768x576", detector: "people", video: "original", frames: 795, least: 40 },
];

/** How many frames a second a core can do, with all that detect() does for them. */
export async function throughput({ quick, onStep, videos }) {
  const results = await interleaved({
    rows: ROWS,
    clients: ["inferometer"],
    rounds: quick ? 1 : 2,
    onStep,
    measure({ detector, video, frames }) {
      const expected = quick ? frames / 2.5 : frames;
      const inputOptions = ["-stream_loop", "-1", "-t", String(expected / videos.framesPerSecond)];
      return inChild("vision/detect-child.mjs", { source: { kind: "video", input: videos[video], inputOptions }, detector, metrics: true, expected });
    },
  });
  const rows = ROWS.map(({ id, least }) => {
    const runs = results.get(id).get("inferometer") ?? [];
    const perCore = runs.map(({ wholeMs }) => 1000 / wholeMs);
    const reached = median(perCore);
    return [
      id,
      number(1000 / reached),
      `${number(reached)} (${number(Math.min(...perCore))}–${number(Math.max(...perCore))})`,
      number(median(runs.map(({ framesPerSecond }) => framesPerSecond))),
      `at least ${least} a core`,
      runs.length === 0 ? "not measured" : reached >= least ? "ok" : "below",
    ];
  });
  return {
    title: "Vision: frames a second",
    text:
      "Of all that `detect` does for a frame, with metrics on: ffmpeg's decoding, reading, detector, tracker and books; the start of threads and the " +
      "compiler's work included. A core: frames by seconds of CPU, of the process and its ffmpeg together. As seen: from the first frame to the last " +
      "result, on all the cores this machine has.",
    table: [["case", "CPU ms a frame", "frames a second and core", "as seen, frames a second", "target", "verdict"], ...rows],
  };
}
