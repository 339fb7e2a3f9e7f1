import type { Clock } from "../core/clock.ts";
import { InferometerError } from "../core/errors.ts";
import type { Format } from "../formats/format.ts";
import { json } from "../formats/json.ts";
import { openMetrics } from "../formats/open-metrics.ts";
import { prometheusProtobuf } from "../formats/prometheus-protobuf.ts";
import { prometheusText } from "../formats/prometheus-text.ts";
import { acceptsGzip, bestOffer, type Offer } from "./accept.ts";
import { type Answer, type Asked, answer, type Outcome, plainAnswer, splitTarget, streamed, withoutBody } from "./answer.ts";
import type { Coding } from "./body.ts";
import { collectionTime } from "./deadline.ts";
import { type Health, healthOf } from "./health.ts";
import { LANDING_HEADERS, landingPage } from "./landing-page.ts";
import { NameFilter } from "./name-filter.ts";
import { CollectionLate, type Scrapes } from "./scrapes.ts";
import { type Selection, selectionOf } from "./selection.ts";
import type { SelfMetrics } from "./self-metrics.ts";

interface FormatOffer extends Offer {
  readonly format: Format;
  readonly contentType: string;
}

/** What `/metrics` speaks. The first is for those who do not say. */
const OFFERS: readonly [FormatOffer, ...FormatOffer[]] = [
  { type: "text/plain", parameters: { version: "0.0.4" }, format: prometheusText, contentType: prometheusText.contentType },
  { type: "application/openmetrics-text", parameters: { version: "1.0.0" }, format: openMetrics, contentType: openMetrics.contentType },
  {
    // What 1.0.0 adds to 0.0.1 is wording; client_golang writes both alike.
    type: "application/openmetrics-text",
    parameters: { version: "0.0.1" },
    format: openMetrics,
    contentType: openMetrics.contentType.replace("1.0.0", "0.0.1"),
  },
  {
    type: "application/vnd.google.protobuf",
    parameters: { proto: "io.prometheus.client.MetricFamily", encoding: "delimited" },
    format: prometheusProtobuf,
    contentType: prometheusProtobuf.contentType,
  },
];

export interface SiteParts {
  /** Where the metrics are; `${path}.json` is beside them. */
  readonly path: string;
  readonly scrapes: Scrapes;
  /** What answers `collect[]` and `exclude[]`. Undefined: they are ignored. */
  readonly selected?: ((selection: Selection) => Scrapes) | undefined;
  readonly self: SelfMetrics;
  readonly clock: Clock;
  /** Most milliseconds that a collection may take. */
  readonly timeoutMs: number;
  /** Most requests that are being answered at a time. */
  readonly maxRequests: number;
  readonly onError: (error: Error) => void;
  /** Whom to let in: undefined lets the request pass, an answer turns it away. */
  readonly guard: (asked: Asked) => Promise<Answer | undefined> | Answer | undefined;
}

type Resource = (asked: Asked, query: URLSearchParams) => Promise<Answer> | Answer;

/** The exporter's resources, whatever carries the requests to them. */
export class Site {
  readonly #parts: SiteParts;
  readonly #startedAt: number;
  readonly #resources: ReadonlyMap<string, Resource>;
  #running = 0;

  constructor(parts: SiteParts) {
    this.#parts = parts;
    this.#startedAt = parts.clock.now();
    this.#resources = new Map<string, Resource>([
      ["/", (asked) => answer(200, "text/html; charset=utf-8", landingPage(parts.path, asked.header("host")), LANDING_HEADERS)],
      ["/health", () => this.#health()],
      [`${parts.path}.json`, (asked, query) => this.#scrape(asked, query, json)],
      [parts.path, (asked, query) => this.#scrape(asked, query)],
    ]);
  }

  /** Answers by path: the metrics, the same as JSON, `/health`, and a page with links to them. */
  route(asked: Asked): Promise<Answer> {
    const { path, query } = splitTarget(asked.target);
    return this.#answer(asked, query, this.#resources.get(path) ?? (() => plainAnswer(404, "Not found")));
  }

  /** Answers with the metrics, whatever the path. `format`: always in this one. */
  metrics(asked: Asked, format?: Format): Promise<Answer> {
    const { query } = splitTarget(asked.target);
    return this.#answer(asked, query, () => this.#scrape(asked, query, format));
  }

  /** Answers with the health, whatever the path. */
  health(asked: Asked): Promise<Answer> {
    return this.#answer(asked, splitTarget(asked.target).query, () => this.#health());
  }

  /** Never rejects; what goes wrong becomes a constant answer, and the reason goes to `onError`. */
  async #answer(asked: Asked, query: URLSearchParams, resource: Resource): Promise<Answer> {
    const { self, maxRequests, guard, onError } = this.#parts;
    const isHead = asked.method === "HEAD";
    if (asked.method !== "GET" && !isHead) {
      // The connection ends with this answer: whatever body follows is not read.
      return plainAnswer(405, "Method not allowed", { allow: "GET, HEAD", connection: "close" });
    }
    if (this.#running >= maxRequests) {
      self.failed("overload");
      return only(plainAnswer(503, "Too many requests at a time", { "retry-after": "1" }), isHead);
    }
    this.#running++;
    let result: Answer;
    try {
      result = (await guard(asked)) ?? (await resource(asked, query));
    } catch (error) {
      const late = error instanceof CollectionLate;
      self.failed(late ? "timeout" : "collection");
      onError(asError(error));
      result = late
        ? plainAnswer(503, "The metrics could not be collected in time", { "retry-after": "1" })
        : plainAnswer(500, "The metrics could not be collected");
    }
    const ended = (outcome: Outcome): void => {
      this.#running--;
      if (outcome === "slow") self.failed("slow_client");
      result.ended?.(outcome);
    };
    return only({ ...result, ended }, isHead);
  }

  async #scrape(asked: Asked, query: URLSearchParams, only?: Format): Promise<Answer> {
    const { self, clock, timeoutMs } = this.#parts;
    const offer = only === undefined ? bestOffer(OFFERS, asked.header("accept")) : undefined;
    const format = only ?? offer!.format;
    const headers = {
      "content-type": offer?.contentType ?? format.contentType,
      vary: offer === undefined ? "Accept-Encoding" : "Accept, Accept-Encoding",
    };
    // A HEAD costs no collection: its length is left out, as HTTP allows.
    if (asked.method === "HEAD") return streamed({ headers });
    const scrapes = this.#scrapesFor(query);
    if (!("scrape" in scrapes)) return scrapes;
    const names = query.getAll("name[]");
    const start = clock.now();
    try {
      const { body, partial } = await scrapes.scrape({
        format,
        filter: names.length === 0 ? undefined : new NameFilter(names),
        timeMs: collectionTime(asked.header("x-prometheus-scrape-timeout-seconds"), timeoutMs),
      });
      const wanted: Coding = acceptsGzip(asked.header("accept-encoding")) ? "gzip" : "identity";
      const { coding, byteLength, pieces, release } = await body.read(wanted);
      self.scraped(format.name, partial ? "partial" : "success", (clock.now() - start) / 1000);
      return streamed({
        headers: { ...headers, "content-length": String(byteLength), ...(coding === "gzip" ? { "content-encoding": "gzip" } : {}) },
        pieces,
        ended: release,
      });
    } catch (error) {
      self.scraped(format.name, "error", (clock.now() - start) / 1000);
      throw error;
    }
  }

  /** What answers this query, or the answer that says what is wrong with it. */
  #scrapesFor(query: URLSearchParams): Scrapes | Answer {
    const { scrapes, selected } = this.#parts;
    const selection = selectionOf(query);
    if (selection === undefined || selected === undefined) return scrapes;
    try {
      return selected(selection);
    } catch (error) {
      if (error instanceof InferometerError && error.code === "OPTION_INVALID") return plainAnswer(400, error.message);
      throw error;
    }
  }

  async #health(): Promise<Answer> {
    const { scrapes, clock, timeoutMs, onError } = this.#parts;
    const uptime = (clock.now() - this.#startedAt) / 1000;
    let health: Health;
    try {
      health = healthOf(await scrapes.collectorStates(timeoutMs), uptime);
    } catch (error) {
      // Who asks for health wants an answer in that form most of all when nothing works.
      onError(asError(error));
      health = { ...healthOf([], uptime), status: "failing" };
    }
    return answer(health.status === "failing" ? 503 : 200, "application/json", `${JSON.stringify(health)}\n`);
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function only(result: Answer, isHead: boolean): Answer {
  return isHead ? withoutBody(result) : result;
}
