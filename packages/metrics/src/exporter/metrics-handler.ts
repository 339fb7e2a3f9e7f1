import type { IncomingMessage, ServerResponse } from "node:http";
import { json } from "../formats/json.ts";
import type { Answer, Asked } from "./answer.ts";
import { type ExporterOptions, exporterParts } from "./exporter-options.ts";
import { Guard } from "./guard.ts";
import { askedOfFetch, responseOf } from "./send-fetch.ts";
import { askedOfNode, sendToNode } from "./send-node.ts";
import { Site } from "./site.ts";

/** One resource, for both kinds of server. Neither function uses `this`. */
export interface Handler {
  /** A listener for node:http, Express, Fastify's raw request, Koa's `ctx.req`. */
  readonly node: (request: IncomingMessage, response: ServerResponse) => void;
  /** For Hono, h3, Bun, Deno and whatever else speaks Request and Response. */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** The metrics; beside them what `serve` has at other paths. */
export interface MetricsHandler extends Handler {
  readonly json: Handler;
  readonly health: Handler;
}

/**
 * Puts the metrics into a server that you have already. Each handler answers whatever its path is: routing is the framework's.
 * Throws OPTION_INVALID and DURATION_INVALID.
 *
 * @example
 * const metrics = metricsHandler();
 * app.get("/metrics", metrics.node);                           // Express
 * app.get("/metrics", (c) => metrics.fetch(c.req.raw));        // Hono
 * createServer(metrics.node).listen(9090, "127.0.0.1");        // node:http
 */
export function metricsHandler(options: ExporterOptions = {}): MetricsHandler {
  const parts = exporterParts(options);
  const guard = new Guard({ ...parts, compare: async () => false });
  const site = new Site({ ...parts, path: "/metrics", guard: (asked) => guard.check(asked) });
  const handler = (resource: (asked: Asked) => Promise<Answer>): Handler => ({
    node: (request, response) => {
      void resource(askedOfNode(request)).then((answer) => sendToNode(response, answer, parts.sendTimeoutMs));
    },
    fetch: async (request) => responseOf(await resource(askedOfFetch(request)), parts.sendTimeoutMs),
  });
  return {
    ...handler((asked) => site.metrics(asked)),
    json: handler((asked) => site.metrics(asked, json)),
    health: handler((asked) => site.health(asked)),
  };
}
