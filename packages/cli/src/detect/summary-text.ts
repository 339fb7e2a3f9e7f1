import type { DetectSummary, StageLatency } from "@inferometer/vision";
import type { Style } from "../terminal/style.ts";
import { columns } from "../terminal/table.ts";
import { bytes, clock, count, duration, rate } from "../terminal/units.ts";
import { wrap } from "../terminal/wrap.ts";

export interface SummaryExtras {
  readonly style: Style;
  /** Letters in a line. */
  readonly width: number;
  readonly peakMemoryBytes: number;
  /** One line a GPU; none where there is none. */
  readonly gpus: readonly string[];
}

const INDENT = 12;
/** The classes that are named; the others are added up. */
const MOST_CLASSES = 12;

/** The end of a run, for people. */
export function summaryText(summary: DetectSummary, extras: SummaryExtras): string {
  const { style } = extras;
  const { frames, tracks, errors, sources } = summary;
  const width = Math.max(40, Math.min(100, extras.width));
  const row = (name: string, text: string): string[] =>
    wrap(text, width - INDENT).map((line, at) => (at === 0 ? style("bold", name.padEnd(INDENT)) : " ".repeat(INDENT)) + line);
  const dropped = Object.entries(frames.dropped).filter(([, number]) => number > 0);
  const lost = Object.entries(tracks.lost).filter(([, number]) => number > 0);
  const failures = errors.map(
    ({ component, type, count: times, message }) => `${component} ${type}${times > 1 ? ` (${count(times)} times)` : ""}: ${message}`,
  );
  const lines = [
    ...sources.flatMap(({ name, state, message }) => {
      const known = message === undefined || errors.some((error) => error.message === message); // it stands below
      return row("Source", `${name}: ${state}${known ? "" : `, ${message}`}`);
    }),
    ...row(
      "Frames",
      list(
        [
          [frames.processed, "processed"],
          [frames.failed, "failed"],
          [sum(dropped), "dropped"],
          [frames.inFlight, "in flight"],
        ],
        `${count(frames.received)} received`,
      ),
    ),
    ...row("Speed", `${rate(summary.framesPerSecond)} frames/s, ${clock(summary.seconds)} in all`),
    ...latencyLines(summary.latency, { width, style }),
    ...row("Detections", classes(summary.detections)),
    ...(tracks.created === 0
      ? []
      : row("Tracks", `${count(tracks.created)} created, ${count(tracks.active)} active${lost.length === 0 ? "" : `; lost: ${words(lost)}`}`)),
    ...(dropped.length === 0 ? [] : row("Dropped", words(dropped))),
    ...row("Memory", `${bytes(extras.peakMemoryBytes)} at most`),
    ...extras.gpus.flatMap((text) => row("GPU", text)),
    ...(failures.length === 0 ? row("Errors", style("green", "none")) : failures.flatMap((text) => row(style("red", "Errors"), text))),
  ];
  return `\n${lines.join("\n")}\n`;
}

function latencyLines(latency: DetectSummary["latency"], { width, style }: { readonly width: number; readonly style: Style }): string[] {
  const stages = Object.entries(latency).filter(([, { count: frames }]) => frames > 0);
  if (stages.length === 0) return [];
  // What is told of a stage; where the terminal is narrow, the mean and the maximum go.
  const all: readonly (readonly [string, keyof StageLatency])[] = [
    ["mean", "meanSeconds"],
    ["p50", "p50Seconds"],
    ["p95", "p95Seconds"],
    ["p99", "p99Seconds"],
    ["max", "maxSeconds"],
  ];
  const shown = width < 66 ? all.slice(1, 4) : all;
  const cells = stages.map(([stage, of]) => [stage, ...shown.map(([, key]) => duration(of[key]))]);
  const [head = "", ...rows] = columns([["", ...shown.map(([name]) => name)], ...cells]);
  const indent = width < 56 ? 0 : INDENT;
  const title = "Latency";
  return [
    `${style("bold", title)}${style("dim", `${" ".repeat(indent)}${head}`.slice(title.length))}`,
    ...rows.map((row) => " ".repeat(indent) + row),
  ];
}

const sum = (entries: readonly (readonly [string, number])[]): number => entries.reduce((total, [, number]) => total + number, 0);
const words = (entries: readonly (readonly [string, number])[]): string =>
  entries.map(([name, number]) => `${count(number)} ${name.replaceAll("_", " ")}`).join(", ");

function list(parts: readonly (readonly [number, string])[], first: string): string {
  const rest = parts.filter(([number], at) => number > 0 || at === 0).map(([number, name]) => `${count(number)} ${name}`);
  return [first, ...rest].join(", ");
}

function classes(detections: Readonly<Record<string, number>>): string {
  const most = Object.entries(detections).sort(([, a], [, b]) => b - a);
  if (most.length === 0) return "none";
  const named = most.slice(0, MOST_CLASSES).map(([label, number]) => `${count(number)} ${label}`);
  const others = most.slice(MOST_CLASSES);
  return [...named, ...(others.length === 0 ? [] : [`${count(sum(others))} of ${others.length} other classes`])].join(", ");
}
