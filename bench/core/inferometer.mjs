import { NoopRegistry, Registry } from "../../packages/metrics/bundle/index.js";
import { BUCKETS_11, BUCKETS_20, labelPicks, latencies, MASK, QUANTILES } from "../data.mjs";

const LABELS = ["model", "status"];
const ALIKE = { model: "owlv2", status: "success" };
const STAGES = ["decode", "detect", "track", "draw"];
const help = "Bench.";
const DURATION = "h_seconds";

/** See prom-client.mjs. */
export function season() {
  const metrics = new Registry({ lint: "off" });
  const counters = [
    metrics.counter("counter_0_total", { help }),
    ...[["stage"], LABELS].map((labels, k) => metrics.counter(`counter_${k + 1}_total`, { help, labels })),
  ];
  const gauges = [metrics.gauge("gauge_0", { help }), ...[["stage"], LABELS].map((labels, k) => metrics.gauge(`gauge_${k + 1}`, { help, labels }))];
  const histograms = [
    metrics.histogram("histogram_0", { help }),
    ...[["stage"], LABELS].map((labels, k) => metrics.histogram(`histogram_${k + 1}`, { help, labels })),
  ];
  for (let i = 0; i < 20_000; i++) {
    const one = { stage: STAGES[i % 4] };
    const two = { model: STAGES[i % 3], status: STAGES[i % 2] };
    counters[0].inc();
    counters[1].inc(one);
    counters[2].inc(two, 0.5);
    gauges[0].set(i);
    gauges[1].set(one, i / 3);
    gauges[2].labels(two).set(i);
    histograms[0].observe(i / 1000);
    histograms[1].observe(one, i / 1000);
    histograms[2].startTimer(two).stop();
  }
}

export function cases() {
  const metrics = new Registry({ lint: "off" });
  const total = (name) => {
    const family = metrics.snapshot().get(name);
    let sum = 0;
    for (let row = 0; row < family.length; row++) sum += family.type === "summary" ? family.summary(row).count : family.value(row);
    return sum;
  };

  const labelled = (models, statuses) => () => {
    const metric = metrics.counter("c_total", { help, labels: LABELS });
    const p = labelPicks(models, statuses);
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.inc({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
      },
      recorded: () => total("c_total"),
    };
  };
  const observing = (buckets) => () => {
    const metric = metrics.histogram(DURATION, { help, buckets });
    const v = latencies();
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.observe(v[i & MASK]);
      },
      recorded: () => total(DURATION),
    };
  };

  return {
    "counter inc"() {
      const metric = metrics.counter("c_total", { help });
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc();
        },
        recorded: () => total("c_total"),
      };
    },
    "counter inc, labels, 1 set"() {
      const metric = metrics.counter("c_total", { help, labels: LABELS });
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc({ model: "owlv2", status: "success" });
        },
        recorded: () => total("c_total"),
      };
    },
    "counter inc, labels, 10 sets": labelled(5, 2),
    "counter inc, labels, 1000 sets": labelled(100, 10),
    "counter inc, labels, 1000 sets, new strings"() {
      const metric = metrics.counter("c_total", { help, labels: LABELS });
      const p = labelPicks(100, 10);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc({ model: p.models[p.m[i & MASK]], status: `status-${p.s[i & MASK]}` });
        },
        recorded: () => total("c_total"),
      };
    },
    "counter inc, held"() {
      const held = metrics.counter("c_total", { help, labels: LABELS }).labels(ALIKE);
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.inc();
        },
        recorded: () => total("c_total"),
      };
    },
    "gauge set"() {
      const metric = metrics.gauge("g", { help });
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.set(i);
        },
        last: () => metric.value(),
      };
    },
    "gauge set, labels"() {
      const metric = metrics.gauge("g", { help, labels: LABELS });
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.set({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] }, i);
        },
      };
    },
    "gauge set, held"() {
      const held = metrics.gauge("g", { help, labels: LABELS }).labels(ALIKE);
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.set(i);
        },
        last: () => held.value(),
      };
    },
    "histogram observe, 11 buckets": observing(BUCKETS_11),
    "histogram observe, 20 buckets": observing(BUCKETS_20),
    "histogram observe, labels"() {
      const metric = metrics.histogram(DURATION, { help, labels: LABELS, buckets: BUCKETS_11 });
      const p = labelPicks(5, 2);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.observe({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] }, v[i & MASK]);
        },
        recorded: () => total(DURATION),
      };
    },
    "histogram observe, held"() {
      const held = metrics.histogram(DURATION, { help, labels: LABELS, buckets: BUCKETS_11 }).labels(ALIKE);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.observe(v[i & MASK]);
        },
        recorded: () => total(DURATION),
      };
    },
    "summary observe"() {
      const metric = metrics.summary("s_seconds", { help, quantiles: QUANTILES, maxAge: "10m", ageBuckets: 5 });
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.observe(v[i & MASK]);
        },
        recorded: () => total("s_seconds"),
      };
    },
    "summary read"() {
      const metric = metrics.summary("s_seconds", { help, quantiles: QUANTILES, maxAge: "10m", ageBuckets: 5 });
      const v = latencies();
      let count = 0;
      while (count < 100_000) metric.observe(v[count++ & MASK]);
      let found = [];
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            metric.observe(v[count++ & MASK]); // so that nothing can be kept from the last read
            const distribution = metric.distribution();
            found = [distribution.quantile(0.5), distribution.quantile(0.9), distribution.quantile(0.99)];
          }
        },
        quantiles: () => ({ found, count }),
      };
    },
    "timer, labels"() {
      const metric = metrics.histogram(DURATION, { help, labels: LABELS, buckets: BUCKETS_11 });
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.startTimer({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] }).stop();
        },
        recorded: () => total(DURATION),
      };
    },
    "metrics off: inc, labels"() {
      const metric = new NoopRegistry().counter("c_total", { help, labels: LABELS });
      const p = labelPicks(5, 2);
      let sum = 0;
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            const model = p.models[p.m[i & MASK]];
            const status = p.statuses[p.s[i & MASK]];
            sum += model.length + status.length;
            metric.inc({ model, status });
          }
          return sum < 0 ? sum : undefined;
        },
      };
    },
  };
}
