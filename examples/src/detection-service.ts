import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Counter, type CounterFamily, exponentialBuckets, type Gauge, type Histogram, type Registry, type Summary } from "@inferometer/metrics";
import { type Box, type Frame, findMotion } from "./motion.ts";

export const FRAME_SIZE = { width: 160, height: 120 } as const;
const FRAME_BYTES = FRAME_SIZE.width * FRAME_SIZE.height;
const MOST_IN_FLIGHT = 8;
const MODEL = "motion";

type Stage = "decode" | "inference" | "total";

/**
 * A small inference service and all of its instrumentation: POST /detect?camera=a takes a grey picture of 160 x 120 bytes and answers with what
 * moved since the last picture of that camera. At every moment received = processed + dropped + in flight.
 */
export class DetectionService {
  readonly #server: Server = createServer((request, response) => void this.#answer(request, response));
  readonly #last: Map<string, Frame> = new Map();
  readonly #received: CounterFamily<{ readonly source: string }>;
  readonly #processed: Readonly<Record<"success" | "error", Counter>>;
  readonly #dropped: Counter;
  readonly #detections: Counter;
  readonly #inFlight: Gauge;
  readonly #latency: Readonly<Record<Stage, Histogram>>;
  readonly #response: Summary;

  constructor(metrics: Registry) {
    this.#received = metrics.counter("frames_received_total", { help: "Frames that came in.", labels: ["source"] });
    const processed = metrics.counter("frames_processed_total", {
      help: "Frames that were answered.",
      labels: { model: String, status: ["success", "error"] },
    });
    // Children are looked up once; recording to them is then an addition.
    this.#processed = {
      success: processed.labels({ model: MODEL, status: "success" }),
      error: processed.labels({ model: MODEL, status: "error" }),
    };
    this.#dropped = metrics
      .counter("frames_dropped_total", { help: "Frames that were refused.", labels: { model: String, reason: ["backpressure"] } })
      .labels({ model: MODEL, reason: "backpressure" });
    this.#detections = metrics
      .counter("detections_total", { help: "Objects found.", labels: ["model", "class"] })
      .labels({ model: MODEL, class: "moving" });
    this.#inFlight = metrics.gauge("frames_in_flight", { help: "Frames being worked on." });
    const latency = metrics.histogram("detection_latency_seconds", {
      help: "Time a frame spends in each stage.",
      labels: { model: String, stage: ["decode", "inference", "total"] },
      buckets: exponentialBuckets(0.0001, 2, 14),
      native: {},
    });
    this.#latency = {
      decode: latency.labels({ model: MODEL, stage: "decode" }),
      inference: latency.labels({ model: MODEL, stage: "inference" }),
      total: latency.labels({ model: MODEL, stage: "total" }),
    };
    this.#response = metrics
      .summary("response_time_seconds", { help: "Time to answer, over the last ten minutes.", labels: ["endpoint"], quantiles: [0.5, 0.9, 0.99] })
      .labels({ endpoint: "/detect" });
  }

  /** Listens on a free port of this machine. Returns the address to post to. */
  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/detect`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  /** What was counted, and the time within which 99 % of the answers went out: metrics can be read back. */
  totals(): { readonly processed: number; readonly failed: number; readonly dropped: number; readonly p99Seconds: number } {
    return {
      processed: this.#processed.success.value(),
      failed: this.#processed.error.value(),
      dropped: this.#dropped.value(),
      p99Seconds: this.#response.distribution().quantile(0.99),
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
    if (request.method !== "POST" || pathname !== "/detect") return send(response, 404, { error: "POST a picture to /detect" });
    const camera = searchParams.get("camera") ?? "unknown";
    this.#received.inc({ source: camera });
    if (this.#inFlight.value() >= MOST_IN_FLIGHT) {
      this.#dropped.inc();
      return send(response, 503, { error: "busy" });
    }
    this.#inFlight.inc();
    const start = performance.now();
    let status: "success" | "error" = "error";
    try {
      const frame = await this.#latency.decode.time(() => readFrame(request));
      await nextTurn(); // one picture after the other, and what else waits comes in between: other cameras, scrapes
      const boxes = this.#latency.inference.time(() => this.#detect(camera, frame));
      this.#detections.inc(boxes.length);
      status = "success";
      send(response, 200, { boxes });
    } catch (error) {
      send(response, 400, { error: String(error) });
    }
    const seconds = (performance.now() - start) / 1000;
    const trace = request.headers["x-trace-id"];
    this.#latency.total.observe(seconds, typeof trace === "string" ? { exemplar: { trace_id: trace } } : undefined);
    this.#response.observe(seconds);
    this.#processed[status].inc();
    this.#inFlight.dec();
  }

  #detect(camera: string, frame: Frame): Box[] {
    const previous = this.#last.get(camera) ?? frame;
    this.#last.set(camera, frame);
    return findMotion(frame, previous);
  }
}

async function readFrame(request: IncomingMessage): Promise<Frame> {
  const pixels = new Uint8Array(FRAME_BYTES);
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    if (length + chunk.length > FRAME_BYTES) throw new Error(`the picture is longer than ${FRAME_BYTES} bytes`);
    pixels.set(chunk, length);
    length += chunk.length;
  }
  if (length < FRAME_BYTES) throw new Error(`the picture ends after ${length} of ${FRAME_BYTES} bytes`);
  return { ...FRAME_SIZE, pixels };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "Content-Type": "application/json", ...(status === 200 ? {} : { Connection: "close" }) });
  response.end(JSON.stringify(body));
}
