import { existsSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { InferometerError, shown } from "@inferometer/metrics";
import { type DetectOptions, type DetectorSpec, parseDetector, parseSource, type SourceSpec } from "@inferometer/vision";
import type { Call } from "../command.ts";
import type { detectOptions } from "../commands/detect.ts";
import { UsageError } from "../usage-error.ts";
import { type Limit, parseLimit } from "./limit.ts";

export type DetectCall = Call<typeof detectOptions>;

/** What is to be done, checked as far as that is possible before anything is opened. */
export interface Plan {
  /** For `detect`, without the metrics. */
  readonly detection: DetectOptions;
  /** The value of the label `model`. */
  readonly model: string;
  readonly limits: readonly Limit[];
  /** Where the lines go: a path, or "-" for stdout. */
  readonly lines: string | undefined;
}

/** Throws UsageError. */
export function plan({ options, args, surroundings }: DetectCall): Plan {
  const { jsonl, output, confidence, ffmpeg, drop, queue } = options;
  if (options.json && jsonl === "-") throw new UsageError("--json and --jsonl both write to stdout. Give --jsonl a file: --jsonl out.jsonl");
  if (options.linger !== undefined && options.metrics === "none")
    throw new UsageError("--linger keeps metrics up, and there are none. Add --metrics prometheus.");
  if (jsonl !== undefined && jsonl !== "-") checkLines(resolve(surroundings.folder, jsonl));
  for (const [name, path] of Object.entries({ "--jsonl": jsonl, "--output": output })) {
    if (path !== undefined && args.includes(path)) throw new UsageError(`${name} would write over the source ${shown(path)}. Name another file.`);
  }
  const detector = detectorOf(options);
  const maxFps = options["max-fps"];
  const maxAge = options["max-age"];
  const stallAfter = options["stall-after"];
  return {
    detection: {
      sources: args.map((text) => sourceOf(text, ffmpeg)),
      detector,
      every: options.every,
      track: options.track,
      ...(confidence === undefined ? {} : { confidence }),
      ...(maxFps === undefined ? {} : { maxFramesPerSecond: maxFps }),
      ...(maxAge === undefined ? {} : { maxAge }),
      ...(stallAfter === undefined ? {} : { stallAfter }),
      ...(drop === undefined ? {} : { drop }),
      ...(queue === undefined ? {} : { queueSize: queue }),
      ...(output === undefined ? {} : { output }),
      ...(ffmpeg === undefined ? {} : { ffmpeg }),
    },
    model: modelOf(detector),
    limits: options["fail-on"].map(parseLimit),
    lines: jsonl,
  };
}

/** `--jsonl video.mp4` was meant as stdout and a source: a word after an option that may go without is its value. */
function checkLines(path: string): void {
  const written = /\.(jsonl|ndjson|json|log|txt)$/i.test(path);
  if (written || !existsSync(path) || !statSync(path).isFile() || statSync(path).size === 0) return;
  throw new UsageError(`--jsonl would write over ${path}. Give it a new file or one that ends in .jsonl; for stdout, --jsonl=-`);
}

function sourceOf(text: string, ffmpeg: string | undefined): SourceSpec {
  try {
    const spec = parseSource(text);
    return ffmpeg !== undefined && spec.kind !== "synthetic" ? { ...spec, ffmpeg } : spec;
  } catch (error) {
    // Nothing was opened yet: what is wrong is what was typed.
    throw error instanceof InferometerError ? new UsageError(error.message) : error;
  }
}

function detectorOf(options: DetectCall["options"]): DetectorSpec {
  const { detector, model, labels, device, iou } = options;
  if (detector !== undefined && model !== undefined) throw new UsageError("--detector and --model both say what detects. Leave one out.");
  const spec = model === undefined ? parseDetector(detector ?? "motion") : ({ kind: "onnx", model } as const);
  if (spec.kind !== "onnx") {
    const lost = Object.entries({ labels, device, iou }).find(([, value]) => value !== undefined);
    if (lost !== undefined)
      throw new UsageError(`--${lost[0]} is for ONNX models, and the detector is ${detector ?? "motion"}. Add --model, or leave it out.`);
    return spec;
  }
  return { ...spec, ...(labels === undefined ? {} : { labels }), ...(device === undefined ? {} : { device }), ...(iou === undefined ? {} : { iou }) };
}

function modelOf(detector: DetectorSpec): string {
  if (detector.kind === "onnx") return basename(detector.model).replace(/\.onnx$/i, "");
  return detector.kind === "module" ? basename(detector.url).replace(/\.[^.]+$/, "") : detector.kind;
}
