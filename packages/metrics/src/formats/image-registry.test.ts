// A registry hands out the same snapshot of a metric while nothing changes, which the image relies on: both together, against the encoders.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ManualClock } from "../core/clock.ts";
import { Registry } from "../core/registry.ts";
import { joined } from "./format.ts";
import { TextImage } from "./image.ts";
import { openMetrics, prometheusText } from "./index.ts";

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function updated(image: TextImage, metrics: Registry): void {
  for (const _ of image.update(metrics.snapshot()));
}

const action = fc.record({
  kind: fc.constantFrom(
    "set",
    "set",
    "inc",
    "observe",
    "exemplar",
    "negative zero",
    "mirror",
    "summary",
    "remove",
    "reset",
    "unregister",
    "scrape",
    "scrape",
  ),
  metric: fc.nat(40),
  x: fc.constantFrom("a", "b", 'c "d"\n'),
  by: fc.constantFrom(0, 1, 9, 2.5, 1e21, 123_456),
});

function act(metrics: Registry, { kind, metric, x, by }: typeof action extends fc.Arbitrary<infer A> ? A : never): void {
  const labels = ["x"] as const;
  const help = "Help.";
  const sizes = metrics.gauge(`size_${metric}`, { help, labels });
  const frames = metrics.counter(`frames_${metric}_total`, { help, labels });
  const latency = metrics.histogram(`latency_${metric}_seconds`, { help, labels, buckets: [1, 10] });
  if (kind === "set") sizes.set({ x }, by);
  else if (kind === "inc") frames.inc({ x }, by);
  else if (kind === "observe") latency.observe({ x }, by);
  else if (kind === "exemplar") frames.inc({ x }, by, { exemplar: { id: x } });
  else if (kind === "negative zero") metrics.gauge(`depth_${metric}`, { help }).set(-0);
  else if (kind === "mirror") metrics.counter(`kernel_${metric}_total`, { help }).mirror(by);
  else if (kind === "summary") metrics.summary(`wait_${metric}_seconds`, { help, labels }).observe({ x }, by);
  else if (kind === "remove") for (const family of [sizes, frames, latency]) family.remove({ x });
  else if (kind === "reset") metrics.reset();
  else if (kind === "unregister") metrics.unregister(`frames_${metric}_total`);
}

describe("a text image of a registry", () => {
  for (const [format, plain] of [
    ["prometheus", prometheusText],
    ["openmetrics", openMetrics],
  ] as const) {
    it(`has the bytes of ${plain.name} at each scrape, whatever is recorded, removed and declared`, () => {
      fc.assert(
        fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
          const clock = new ManualClock();
          const metrics = new Registry({ clock, lint: "off" });
          const image = new TextImage({ format });
          for (const one of actions) {
            clock.advance(1000);
            if (one.kind !== "scrape") {
              act(metrics, one);
              continue;
            }
            updated(image, metrics);
            assert.equal(text(joined(image.chunks())), text(plain.encode(metrics.snapshot())));
          }
        }),
        { numRuns: 100 },
      );
    });
  }

  it("stays right while hundreds of small metrics come and grow", () => {
    const metrics = new Registry({ lint: "off" });
    const image = new TextImage({ format: "prometheus" });
    for (let n = 0; n < 300; n++) {
      metrics.gauge(`size_${n % 120}`, { help: "Size.", labels: ["x"] }).set({ x: `${n}` }, n);
      if (n % 7 !== 0) continue;
      updated(image, metrics);
      assert.equal(text(joined(image.chunks())), text(prometheusText.encode(metrics.snapshot())));
    }
  });

  it("costs its neighbours nothing when one metric can never be patched", () => {
    const metrics = new Registry({ lint: "off" });
    const image = new TextImage({ format: "prometheus" });
    const help = "How many bytes wait here for somebody who takes them, as far as that can be known at all.";
    for (let n = 0; n < 800; n++) metrics.gauge(`size_${n}`, { help }).set(10_000);
    metrics.summary("wait_seconds", { help: "Wait." }).observe(1);
    updated(image, metrics);
    const before = [...image.chunks()];
    metrics.gauge("size_3", { help }).set(20_000);
    updated(image, metrics);
    const after = [...image.chunks()];
    assert.ok(after.length >= 2);
    assert.equal(after[0]!.buffer, before[0]!.buffer);
    assert.match(text(joined(after)), /^size_3 20000$/m);
  });
});
