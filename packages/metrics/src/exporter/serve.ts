import type { Duration } from "../core/duration.ts";
import { InferometerError, shown } from "../core/errors.ts";
import { BcryptThread } from "./bcrypt-thread.ts";
import { type ExporterOptions, exporterParts, positiveDuration, positiveInteger } from "./exporter-options.ts";
import { Guard } from "./guard.ts";
import { ExporterServer } from "./server.ts";
import { Site } from "./site.ts";
import { serveFromThread } from "./thread-exporter.ts";
import { type LoadedWebConfig, WebConfigFile } from "./web-config-file.ts";

/** A running exporter. */
export interface Exporter extends AsyncDisposable {
  /** Where it listens, such as "http://127.0.0.1:9090"; the metrics are at `/metrics` below it. */
  readonly url: string;
  readonly port: number;
  /** Stops to listen, ends idle connections at once, and lets answers that are being sent finish within `closeTimeout`. */
  close(): Promise<void>;
}

/** How and where to serve. */
export interface ServeOptions extends ExporterOptions {
  /** 0: any free port, to be read from `server.port`. Default 9090. */
  readonly port?: number;
  /** Default "127.0.0.1": this machine only. "0.0.0.0" opens it to all networks: then use `webConfig` or `bearerToken`. */
  readonly host?: string;
  /** Where the metrics are; the same as JSON is beside it at `${path}.json`. Default "/metrics". */
  readonly path?: string;
  /**
   * A web config file in the format of prometheus/exporter-toolkit: TLS, client certificates, users, headers, a rate limit. Read again when
   * it or a file that it names changes. Needs the package `yaml`, and `bcryptjs` for users. Default: none.
   */
  readonly webConfig?: string;
  /** Most open connections. Default 512. */
  readonly maxConnections?: number;
  /** How long `close` waits for answers that are being sent. Default "5s". */
  readonly closeTimeout?: Duration;
  /**
   * Whether a thread of its own answers scrapes. It reads the registry's memory, so that a scrape costs this thread next to nothing, however many
   * series there are; and it sums up every thread that calls `shareMetrics`. Needs a Registry. Default false.
   */
  readonly worker?: boolean;
  /** With `worker`: the name that those who share and the one who serves have in common. Default "inferometer". */
  readonly channel?: string;
  /** Whether the process may end while the server is open. Default false. */
  readonly unref?: boolean;
}

/**
 * Serves a registry's metrics over HTTP: `/metrics` for Prometheus (text, OpenMetrics or protobuf, as the scraper asks), `/metrics.json`,
 * `/health`, and a page with links at `/`. Resolves once it listens.
 *
 * Throws OPTION_INVALID and DURATION_INVALID; PORT_IN_USE and LISTEN_FAILED; CONFIG_INVALID and PACKAGE_MISSING for a web config.
 *
 * @example
 * await using server = await serve({ port: 9090, registry: metrics });
 * console.log(`${server.url}/metrics`);
 */
export async function serve(options: ServeOptions = {}): Promise<Exporter> {
  if (options.worker === true) return serveFromThread(options);
  const { port = 9090, host = "127.0.0.1", path = "/metrics", maxConnections = 512, unref = false } = options;
  checkPort(port);
  checkPath(path);
  if (typeof host !== "string" || host === "")
    throw new InferometerError("OPTION_INVALID", `host is ${shown(host)}. Give an address or a name, such as "127.0.0.1".`);
  const parts = exporterParts(options);
  const limits = {
    maxConnections: positiveInteger("maxConnections", maxConnections),
    closeTimeoutMs: positiveDuration("closeTimeout", options.closeTimeout ?? "5s"),
    sendTimeoutMs: parts.sendTimeoutMs,
  };
  // What is wrong with a token's file or the web config shows before the port is opened.
  await parts.token?.refresh();
  const file = options.webConfig === undefined ? undefined : new WebConfigFile(options.webConfig);
  await file?.changed();
  const loaded: LoadedWebConfig | undefined = await file?.load();
  const bcrypt = new BcryptThread();
  const guard = new Guard({ ...parts, compare: (password, hash) => bcrypt.compare(password, hash) });
  const site = new Site({ ...parts, path, guard: (asked) => guard.check(asked) });
  const server = new ExporterServer({ ...parts, ...limits, site, guard, bcrypt, file, loaded });
  await server.open({ port, host, unref });
  return server;
}

function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new InferometerError("OPTION_INVALID", `port is ${shown(port)}. Give a whole number from 1 to 65535, or 0 for any free port.`);
}

function checkPath(path: string): void {
  if (typeof path === "string" && /^\/[\w.~/-]*$/.test(path) && path !== "/" && path !== "/health") return;
  throw new InferometerError(
    "OPTION_INVALID",
    `path is ${shown(path)}. Give a path such as "/metrics": letters, digits and . _ ~ - /; not "/" or "/health", which are taken.`,
  );
}
