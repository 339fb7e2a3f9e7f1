import { process } from "../collectors/process/process.ts";
import type { Collector } from "../core/collector.ts";
import { InferometerError, shown } from "../core/errors.ts";
import { NoopRegistry } from "../core/noop.ts";
import { Registry, type RegistryOptions } from "../core/registry.ts";
import { type Exporter, type ServeOptions, serve } from "./serve.ts";

/** What a program can do with its metrics: nothing, or serve them to Prometheus. */
export type MetricsMode = "none" | "prometheus";

/** How the registry is made, and how it is served. */
export interface MetricsManagerOptions extends RegistryOptions, Omit<ServeOptions, "registry"> {
  /** Default "none". */
  readonly mode?: MetricsMode;
  /** What is measured whenever somebody scrapes. Default: `process()`, the process and its Node. Not touched in mode "none". */
  readonly collectors?: readonly Collector[];
}

/**
 * A registry, its collectors and its server, as one thing that a switch turns on or off. In mode "none" nothing is opened or collected, and the
 * registry is one that records nothing: the code that records is the same in both modes.
 *
 * Throws OPTION_INVALID, and what `Registry`, `register` and `serve` throw; then nothing is left open.
 *
 * @example
 * await using manager = await metricsManager({ mode: "prometheus", namespace: "vision_detect_segment", port: 9090 });
 * const vision = visionMetrics({ model: "owlv2", registry: manager.registry });
 */
export async function metricsManager(options: MetricsManagerOptions = {}): Promise<MetricsManager> {
  const { mode = "none" } = options;
  if (mode !== "none" && mode !== "prometheus") throw new InferometerError("OPTION_INVALID", `mode is ${shown(mode)}. Give "none" or "prometheus".`);
  if (mode === "none") return new MetricsManager({ mode, registry: new NoopRegistry(options), exporter: undefined });
  const registry = new Registry(options);
  try {
    registry.register(...(options.collectors ?? [process()]));
    const exporter = await serve({ ...options, registry });
    return new MetricsManager({ mode, registry, exporter });
  } catch (error) {
    await registry.close();
    throw error;
  }
}

/** What `metricsManager` makes. */
export class MetricsManager implements AsyncDisposable {
  readonly mode: MetricsMode;
  /** Where metrics are declared; in mode "none" a NoopRegistry. */
  readonly registry: Registry;
  readonly #exporter: Exporter | undefined;
  #closing: Promise<void> | undefined;

  /** @internal Made by `metricsManager`. */
  constructor(parts: { readonly mode: MetricsMode; readonly registry: Registry; readonly exporter: Exporter | undefined }) {
    this.mode = parts.mode;
    this.registry = parts.registry;
    this.#exporter = parts.exporter;
  }

  /** Where the exporter listens, such as "http://127.0.0.1:9090"; undefined in mode "none". */
  get url(): string | undefined {
    return this.#exporter?.url;
  }

  /** The port on which the exporter listens; undefined in mode "none". */
  get port(): number | undefined {
    return this.#exporter?.port;
  }

  /** Stops the exporter, then the collectors. May be called twice. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    try {
      await this.#exporter?.close();
    } finally {
      await this.registry.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
