import { parseDuration, shown } from "@inferometer/metrics";
import type { DetectSummary, PipelineStage } from "@inferometer/vision";
import { either } from "../option-value.ts";
import { didYouMean } from "../suggest.ts";
import { count, duration, rate } from "../terminal/units.ts";
import { UsageError } from "../usage-error.ts";

const STAGES: readonly PipelineStage[] = ["decode", "queue", "preprocess", "inference", "postprocess", "track", "output", "total"];
const LATENCIES = { mean: "meanSeconds", p50: "p50Seconds", p95: "p95Seconds", p99: "p99Seconds", max: "maxSeconds" } as const;
const SHARES = ["drops", "failures"] as const;
const NUMBERS = ["fps", "errors", "detections", "tracks"] as const;
const QUANTITIES: readonly string[] = [...Object.keys(LATENCIES), ...SHARES, ...NUMBERS];

const COMPARE: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  ">": (value, limit) => value > limit,
  ">=": (value, limit) => value >= limit,
  "<": (value, limit) => value < limit,
  "<=": (value, limit) => value <= limit,
};

/** What must not come true: `p95>50ms`. */
export interface Limit {
  readonly text: string;
  /** What was measured, in words, if the limit was crossed. What was not measured has crossed it too: a run without a frame must not pass. */
  crossed(summary: DetectSummary): string | undefined;
}

/**
 * Reads `p95>50ms`, `inference.p99>=30ms`, `fps<25`, `drops>1%`, `errors>0`. Durations are of the stage "total" unless another is named; drops and
 * failures are frames, or a share of those received. Throws UsageError.
 */
export function parseLimit(text: string): Limit {
  const parts = /^(?:([a-z]+)\.)?([a-z]+\d*)\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*([a-z%]*)$/i.exec(text.trim());
  if (parts === null) throw refused(text, "Write a quantity, a comparison and a value, such as 'p95>50ms' or 'drops>1%'.");
  const [, stage, quantity = "", sign = "", amount = "", unit = ""] = parts;
  const compare = COMPARE[sign]!;
  if (!QUANTITIES.includes(quantity)) throw refused(text, `There is no ${quantity}: give ${either(QUANTITIES)}.${didYouMean(quantity, QUANTITIES)}`);
  if (stage !== undefined && (!Object.hasOwn(LATENCIES, quantity) || !(STAGES as readonly string[]).includes(stage)))
    throw refused(text, `Before the point of a duration stands a stage: ${either(STAGES)}.`);
  if (Object.hasOwn(LATENCIES, quantity)) {
    if (!["ms", "s", "m"].includes(unit)) throw refused(text, `${quantity} is a duration: give it with a unit, ${quantity}${sign}${amount}ms.`);
    return latencyLimit(text, { stage: (stage ?? "total") as PipelineStage, quantity, compare, seconds: parseDuration(amount + unit) / 1000 });
  }
  const share = (SHARES as readonly string[]).includes(quantity);
  if (unit !== "" && !(share && unit === "%")) throw refused(text, `${quantity} takes ${share ? "a number or %" : "a number without a unit"}.`);
  return {
    text,
    crossed(summary) {
      const value = numberOf(quantity, summary);
      const received = summary.frames.received;
      if (unit === "%") {
        const part = received === 0 ? Number.NaN : (value / received) * 100;
        return compare(part, Number(amount)) || Number.isNaN(part)
          ? `${quantity} ${received === 0 ? "not measured" : `${part.toFixed(2)} %`}`
          : undefined;
      }
      return compare(value, Number(amount)) ? `${quantity} ${quantity === "fps" ? rate(value) : count(value)}` : undefined;
    },
  };
}

function latencyLimit(
  text: string,
  {
    stage,
    quantity,
    compare,
    seconds,
  }: {
    readonly stage: PipelineStage;
    readonly quantity: string;
    readonly compare: (value: number, limit: number) => boolean;
    readonly seconds: number;
  },
): Limit {
  return {
    text,
    crossed({ latency }) {
      const measured = latency[stage];
      if (measured === undefined || measured.count === 0) return `${stage} ${quantity} not measured`;
      const value = measured[LATENCIES[quantity as keyof typeof LATENCIES]];
      return compare(value, seconds) ? `${stage} ${quantity} ${duration(value)}` : undefined;
    },
  };
}

function numberOf(quantity: string, { framesPerSecond, frames, errors, detections, tracks }: DetectSummary): number {
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  switch (quantity) {
    case "fps":
      return framesPerSecond;
    case "drops":
      return sum(Object.values(frames.dropped));
    case "failures":
      return frames.failed;
    case "errors":
      return sum(errors.map((error) => error.count));
    case "detections":
      return sum(Object.values(detections));
    default:
      return tracks.created;
  }
}

const refused = (text: string, advice: string): UsageError => new UsageError(`--fail-on is ${shown(text)}. ${advice}`);
