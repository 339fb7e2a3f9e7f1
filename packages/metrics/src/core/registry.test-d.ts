// What the compiler must accept and refuse. Nothing here runs: a line that should not compile and does is an error of the build.
import { expectTypeOf } from "expect-type";
import {
  type Collector,
  type Counter,
  type CounterFamily,
  type Distribution,
  type Gauge,
  type GaugeFamily,
  type Histogram,
  type LabelsOf,
  NoopRegistry,
  type PendingTimer,
  Registry,
  type StateSet,
  type Timer,
} from "./index.ts";

const metrics = new Registry({ namespace: "vision", labels: { site: "lab-1" } });
const help = "Something.";

export function labelsAreInferredFromAnArray(): void {
  const frames = metrics.counter("frames_total", { help, labels: ["model", "status"] });
  expectTypeOf(frames).toEqualTypeOf<CounterFamily<{ readonly model: string; readonly status: string }>>();
  frames.inc({ model: "a", status: "b" });
  frames.inc({ model: "a", status: "b" }, 5, { exemplar: { trace_id: "1" } });
  // @ts-expect-error: a typo in a label's name
  frames.inc({ modle: "a", status: "b" });
  // @ts-expect-error: a label is missing
  frames.inc({ model: "a" });
  // @ts-expect-error: a label too many
  frames.inc({ model: "a", status: "b", zone: "c" });
  // @ts-expect-error: a value that is no string
  frames.inc({ model: 1, status: "b" });
  // @ts-expect-error: a value that may be missing
  frames.inc({ model: process.env.MODEL, status: "b" });
  // @ts-expect-error: no labels at all
  frames.inc();
  // @ts-expect-error: the value before the labels
  frames.inc(5, { model: "a", status: "b" });
  // @ts-expect-error: an exemplar's values are strings
  frames.inc({ model: "a", status: "b" }, 1, { exemplar: { trace_id: 1 } });
}

export function labelsAreInferredFromAnObjectWithClosedSets(): void {
  const frames = metrics.counter("frames_total", { help, labels: { model: String, status: ["success", "error"] } });
  expectTypeOf(frames).toEqualTypeOf<CounterFamily<{ readonly model: string; readonly status: "success" | "error" }>>();
  expectTypeOf<LabelsOf<readonly ["a"]>>().toEqualTypeOf<{ readonly a: string }>();
  frames.inc({ model: "owlv2", status: "success" });
  // @ts-expect-error: a typo in a closed set
  frames.inc({ model: "owlv2", status: "succes" });
  const status: string = "success";
  // @ts-expect-error: any string is too wide for a closed set
  frames.inc({ model: "owlv2", status });
  // @ts-expect-error: also where a series is held
  frames.labels({ model: "owlv2", status: "succes" });
  // @ts-expect-error: also where it is read
  frames.value({ model: "owlv2" });
  // @ts-expect-error: and where it is removed
  frames.remove({ model: "owlv2" });
  expectTypeOf(frames.labels({ model: "owlv2", status: "error" })).toEqualTypeOf<Counter>();
}

export function labelsAreForbiddenWhereNoneAreDeclared(): void {
  const frames = metrics.counter("frames_total", { help });
  expectTypeOf(frames).toEqualTypeOf<Counter>();
  frames.inc();
  frames.inc(2);
  // @ts-expect-error: labels on a counter without
  frames.inc({ model: "a" });
  // @ts-expect-error: nothing to hold
  frames.labels({ model: "a" });
}

export function declarationsAreChecked(): void {
  // @ts-expect-error: help is missing
  metrics.counter("frames_total", {});
  // @ts-expect-error: options are missing
  metrics.counter("frames_total");
  // @ts-expect-error: a typo in an option
  metrics.counter("frames_total", { help, serieslimit: 5 });
  // @ts-expect-error: only gauges have a rule
  metrics.counter("frames_total", { help, merge: "sum" });
  // @ts-expect-error: a rule that does not exist
  metrics.gauge("fps", { help, merge: "add" });
  // @ts-expect-error: durations are texts with a unit
  metrics.gauge("fps", { help, expireAfter: 600 });
  // @ts-expect-error: a label's values are String or a list
  metrics.gauge("fps", { help, labels: { model: Number } });
  // @ts-expect-error: an info is nothing without labels
  metrics.info("application_info", { help });
  // @ts-expect-error: states are needed
  metrics.stateSet("link_state", { help });
}

export function gaugesAreReadByCallbacks(): void {
  expectTypeOf(metrics.gauge("queue_size", { help, read: () => 5 })).toEqualTypeOf<Gauge>();
  const family = metrics.gauge("queue_size", {
    help,
    labels: { queue: ["in", "out"] },
    read: (gauge) => {
      expectTypeOf(gauge).toEqualTypeOf<GaugeFamily<{ readonly queue: "in" | "out" }>>();
      gauge.set({ queue: "in" }, 5);
      // @ts-expect-error: not in the closed set
      gauge.set({ queue: "inn" }, 5);
    },
  });
  family.set({ queue: "out" }, 1);
  // @ts-expect-error: labels first, then the value
  family.set(1, { queue: "out" });
  // @ts-expect-error: a gauge without labels returns a number
  metrics.gauge("queue_size", { help, read: () => "5" });
}

export async function timersKnowWhatIsMissing(): Promise<void> {
  const latency = metrics.histogram("latency_seconds", { help, labels: { model: String, status: ["ok", "error"] } });
  const complete = latency.startTimer({ model: "a", status: "ok" });
  expectTypeOf(complete).toEqualTypeOf<Timer>();
  using _ = latency.startTimer({ model: "a", status: "ok" });
  const partial = latency.startTimer({ model: "a" });
  expectTypeOf(partial).toEqualTypeOf<PendingTimer<Omit<{ readonly model: string; readonly status: "ok" | "error" }, "model">>>();
  partial.stop({ status: "error" });
  // @ts-expect-error: a typo in a closed set
  partial.stop({ status: "eror" });
  // @ts-expect-error: what is missing must be said
  partial.stop();
  // @ts-expect-error: the end of a block cannot say what is missing
  using _pending = latency.startTimer({ model: "a" });
  // @ts-expect-error: no such label
  latency.startTimer({ modle: "a" });
  latency.startTimer().stop({ model: "a", status: "ok" });
  const plain = metrics.summary("response_seconds", { help });
  expectTypeOf(plain.startTimer()).toEqualTypeOf<Timer>();
  expectTypeOf(latency.time({ model: "a", status: "ok" }, () => 5)).toEqualTypeOf<number>();
  expectTypeOf(await latency.time({ model: "a", status: "ok" }, async () => "found")).toEqualTypeOf<string>();
  // @ts-expect-error: work has a whole label set
  latency.time({ model: "a" }, () => 5);
  expectTypeOf(latency.labels({ model: "a", status: "ok" })).toEqualTypeOf<Histogram>();
  expectTypeOf(latency.distribution({ model: "a", status: "ok" })).toEqualTypeOf<Distribution>();
}

export function statesAreAClosedSet(): void {
  const link = metrics.stateSet("link_state", { help, states: ["up", "down"] });
  expectTypeOf(link).toEqualTypeOf<StateSet<"up" | "down">>();
  link.set("up");
  // @ts-expect-error: not a state
  link.set("broken");
  const links = metrics.stateSet("links_state", { help, states: ["up", "down"], labels: ["source"] });
  links.set({ source: "door" }, "down");
  // @ts-expect-error: not a state
  links.set({ source: "door" }, "broken");
  // @ts-expect-error: not a label
  links.set({ sauce: "door" }, "down");
}

export function anInfoTakesItsLabels(): void {
  const application = metrics.info("application_info", { help, labels: { version: String, environment: ["production", "test"] } });
  application.set({ version: "1", environment: "test" });
  // @ts-expect-error: not in the closed set
  application.set({ version: "1", environment: "prod" });
}

export function aSilentRegistryIsOneToo(): void {
  const silent: Registry = new NoopRegistry();
  const frames = new NoopRegistry().counter("frames_total", { help, labels: ["model"] });
  expectTypeOf(frames).toEqualTypeOf<CounterFamily<{ readonly model: string }>>();
  // @ts-expect-error: a typo is one there too
  frames.inc({ modle: "a" });
  const either = process.env.METRICS === "none" ? new NoopRegistry() : metrics;
  either.register({ name: "pool", register: () => {}, collect: () => {} });
  either.snapshot({ names: ["frames_total"] });
  void silent.collect({ signal: AbortSignal.timeout(1000) });
}

export function collectorsAreCheckedByShape(): void {
  const good: Collector = {
    name: "pool",
    register: (registry) => registry.gauge("size", { help }),
    collect: async ({ signal }) => signal.throwIfAborted(),
  };
  metrics.register(good, { name: "other", required: true, register: () => {}, collect: () => {} });
  // @ts-expect-error: nothing is collected
  metrics.register({ name: "pool", register: () => {} });
  // @ts-expect-error: registry labels are texts
  new Registry({ labels: { site: 1 } });
}
