import nodeProcess from "node:process";
import type { GaugeFamily } from "../../core/gauge.ts";
import type { Registry } from "../../core/registry.ts";

/**
 * `nodejs_active_resources{type}`: what keeps the event loop alive, by type: handles (TCPSocketWrap, TCPServerWrap …), requests (FSReqCallback …)
 * and timers (Timeout). prom-client tells handles and requests apart by two calls that Node has deprecated.
 */
export class ActiveResources {
  readonly #family: GaugeFamily<{ readonly type: string }>;
  readonly #counts: Map<string, number> = new Map();

  constructor(registry: Registry) {
    const help = "What keeps the event loop alive: handles, requests, timers.";
    this.#family = registry.gauge("nodejs_active_resources", { help, labels: ["type"] });
  }

  read(): void {
    const counts = this.#counts;
    for (const type of counts.keys()) counts.set(type, 0);
    for (const type of nodeProcess.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    // A type that was seen stays, at zero: types are few.
    for (const [type, count] of counts) this.#family.set({ type }, count);
  }
}
