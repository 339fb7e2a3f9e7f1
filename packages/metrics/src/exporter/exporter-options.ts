import { type Clock, systemClock } from "../core/clock.ts";
import { registry as defaultRegistry } from "../core/default-registry.ts";
import { type Duration, parseDuration } from "../core/duration.ts";
import { InferometerError, shown } from "../core/errors.ts";
import { TextImage } from "../formats/image.ts";
import { openMetrics } from "../formats/open-metrics.ts";
import { prometheusText } from "../formats/prometheus-text.ts";
import { BearerToken, type BearerTokenSource } from "./bearer-token.ts";
import type { Collectable } from "./collectable.ts";
import { ImageEncoder, StreamEncoder } from "./encoders.ts";
import { type EncoderOf, Scrapes } from "./scrapes.ts";
import { type Selection, selectedScrapes } from "./selection.ts";
import { isMetricHome, type SelfMetrics, selfMetrics } from "./self-metrics.ts";

/** What a server and a handler have in common. */
export interface ExporterOptions {
  /** Whose metrics are served: a Registry, or something that collects like one. Default: the default registry. */
  readonly registry?: Collectable;
  /**
   * Whose metrics answer a scrape that names collectors, `?collect[]=cpu&collect[]=meminfo` or `?exclude[]=hwmon`. Return the same object for the
   * same selection; throw OPTION_INVALID for a name that does not exist, and the scrape gets a 400 with that message. Default: such names are ignored.
   */
  readonly select?: (selection: Selection) => Collectable;
  /** Most time that a collection may take; a scraper's own timeout shortens it. What is not ready by then is left out. Default "10s". */
  readonly timeout?: Duration;
  /** A client that has not taken an answer after this long is cut off. Default "30s". */
  readonly sendTimeout?: Duration;
  /** Most requests that are answered at a time; further ones get a 503. Default 256. */
  readonly maxRequests?: number;
  /**
   * Whether OpenMetrics has `_created` samples. Default false: Prometheus before version 3 stores each as a series of its own, which doubles a
   * counter's cost. Protobuf and JSON always have the time of creation.
   */
  readonly created?: boolean;
  /** Whether the exporter's own metrics (`inferometer_scrape…`) are put in the registry. Default true. */
  readonly selfMetrics?: boolean;
  /** Who shows this token (`Authorization: Bearer …`) may pass; with basic authentication beside it, either is enough. Default: everyone may. */
  readonly bearerToken?: BearerTokenSource;
  /** Told of what goes wrong while serving; clients get a constant text. Default: a process warning. */
  readonly onError?: (error: Error) => void;
  /** Default `systemClock`. */
  readonly clock?: Clock;
}

/** The options, checked, with what they stand for. */
export interface ExporterParts {
  readonly scrapes: Scrapes;
  /** Undefined: selections are ignored. */
  readonly selected: ((selection: Selection) => Scrapes) | undefined;
  readonly self: SelfMetrics;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly maxRequests: number;
  readonly token: BearerToken | undefined;
  readonly onError: (error: Error) => void;
}

/** Throws OPTION_INVALID and DURATION_INVALID. */
export function exporterParts(options: ExporterOptions): ExporterParts {
  const { registry = defaultRegistry, clock = systemClock, maxRequests = 256, created = false, onError = warn } = options;
  if (typeof registry?.collect !== "function" || typeof registry.collectorStates !== "function") {
    throw new InferometerError("OPTION_INVALID", `registry is ${shown(registry)}. Give a Registry, or leave it out for the default one.`);
  }
  const encoding = { clock, encoderOf: encoderOf(created) };
  return {
    scrapes: new Scrapes(registry, encoding),
    selected: options.select === undefined ? undefined : selectedScrapes(options.select, encoding),
    self: selfMetrics((options.selfMetrics ?? true) && isMetricHome(registry) ? registry : undefined),
    clock,
    timeoutMs: positiveDuration("timeout", options.timeout ?? "10s"),
    sendTimeoutMs: positiveDuration("sendTimeout", options.sendTimeout ?? "30s"),
    maxRequests: positiveInteger("maxRequests", maxRequests),
    token: options.bearerToken === undefined ? undefined : new BearerToken(options.bearerToken),
    onError: (error) => {
      try {
        onError(error);
      } catch {
        // A broken listener must not break an answer.
      }
    },
  };
}

/** The longest that a timer can run: some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Milliseconds; throws OPTION_INVALID for zero and for more than a timer can count. */
export function positiveDuration(option: string, duration: Duration): number {
  const ms = parseDuration(duration);
  if (ms > 0 && ms <= MAX_TIMER_MS) return ms;
  throw new InferometerError("OPTION_INVALID", `${option} is ${shown(duration)}. Give a duration above zero and below 24 days, such as "10s".`);
}

export function positiveInteger(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InferometerError("OPTION_INVALID", `${option} is ${shown(value)}. Give a whole number above zero.`);
}

function encoderOf(created: boolean): EncoderOf {
  return (format, { kept }) => {
    if (kept && format === prometheusText) return new ImageEncoder(() => new TextImage({ format: "prometheus", created }));
    if (kept && format === openMetrics) return new ImageEncoder(() => new TextImage({ format: "openmetrics", created }));
    return new StreamEncoder(format, { created });
  };
}

function warn(error: Error): void {
  process.emitWarning(`The metrics exporter: ${error.message}`, "InferometerWarning");
}
