import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, it } from "node:test";
import type { Collector } from "../core/collector.ts";
import { NoopRegistry } from "../core/noop.ts";
import type { Registry } from "../core/registry.ts";
import { type MetricsManager, type MetricsMode, metricsManager } from "./manager.ts";

/** Tells what was done to it. */
class Spy implements Collector {
  readonly name = "spy";
  readonly calls: string[] = [];
  register(registry: Registry): void {
    this.calls.push("register");
    registry.gauge("spied", { help: "Spied." }).set(7);
  }
  collect(): void {
    this.calls.push("collect");
  }
  close(): void {
    this.calls.push("close");
  }
}

const scraped = async (manager: MetricsManager): Promise<string> => (await fetch(`${manager.url}/metrics`)).text();

describe("metricsManager", () => {
  it("does nothing unless it is told to", async () => {
    const spy = new Spy();
    const manager = await metricsManager({ collectors: [spy], port: 1 });
    assert.equal(manager.mode, "none");
    assert.ok(manager.registry instanceof NoopRegistry);
    const frames = manager.registry.counter("frames_total", { help: "Frames." });
    frames.inc();
    assert.deepEqual([manager.url, manager.port, frames.value(), manager.registry.snapshot().families], [undefined, undefined, 0, []]);
    await manager.close();
    assert.deepEqual(spy.calls, []);
  });

  it("serves what is recorded, under the namespace, and what the process collector measures", async () => {
    await using manager = await metricsManager({ mode: "prometheus", namespace: "vision_detect_segment", labels: { site: "lab-1" }, port: 0 });
    manager.registry.counter("frames_total", { help: "Frames." }).inc(3);
    const text = await scraped(manager);
    assert.match(text, /^vision_detect_segment_frames_total\{site="lab-1"\} 3$/m);
    assert.match(text, /^vision_detect_segment_memory_usage_bytes\{site="lab-1",type="rss"\} \d+$/m);
    assert.equal(manager.url, `http://127.0.0.1:${manager.port}`);
  });

  it("collects with the collectors it is given, and with these alone", async () => {
    const spy = new Spy();
    await using manager = await metricsManager({ mode: "prometheus", collectors: [spy], port: 0 });
    const text = await scraped(manager);
    assert.match(text, /^spied 7$/m);
    assert.doesNotMatch(text, /^nodejs_/m);
    assert.deepEqual(spy.calls, ["register", "collect"]);
  });

  it("stops the server and the collectors when it is closed, once", async () => {
    const spy = new Spy();
    const manager = await metricsManager({ mode: "prometheus", collectors: [spy], port: 0 });
    const { url } = manager;
    await Promise.all([manager.close(), manager.close()]);
    await manager[Symbol.asyncDispose]();
    assert.deepEqual(spy.calls, ["register", "close"]);
    await assert.rejects(fetch(`${url}/metrics`));
  });

  it("closes the collectors when it cannot listen", async (t) => {
    const taken = createServer().listen(0, "127.0.0.1");
    t.after(() => taken.close());
    await new Promise((ready) => taken.once("listening", ready));
    const { port } = taken.address() as { port: number };
    const spy = new Spy();
    await assert.rejects(metricsManager({ mode: "prometheus", collectors: [spy], port }), { code: "PORT_IN_USE" });
    assert.deepEqual(spy.calls, ["register", "close"]);
  });

  it("refuses a mode that it does not know, by name", async () => {
    await assert.rejects(metricsManager({ mode: "otlp" as MetricsMode }), { code: "OPTION_INVALID", message: /"otlp".*"none" or "prometheus"/ });
  });

  it("refuses a bad namespace in both modes, so that the switch hides no mistake", async () => {
    for (const mode of ["none", "prometheus"] as const)
      await assert.rejects(metricsManager({ mode, namespace: "9lives", port: 0 }), { code: "NAME_INVALID" });
  });
});
