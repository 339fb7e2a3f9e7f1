// prom-client 15.1.3 and its successor @prometheus-io/client have the same interface; `client` is either's module.
import { BUCKETS_11, BUCKETS_20, labelPicks, latencies, MASK, QUANTILES } from "../data.mjs";

const LABELS = ["model", "status"];
const ALIKE = { model: "owlv2", status: "success" };
const STAGES = ["decode", "detect", "track", "draw"];
const help = "Bench.";

/** What a small service does with a library: several metrics of each kind, so that V8 does not compile it for a single one. */
export function season(client) {
  const registers = [new client.Registry()];
  const labelSets = [[], ["stage"], LABELS];
  const counters = labelSets.map((labelNames, k) => new client.Counter({ name: `counter_${k}`, help, labelNames, registers }));
  const gauges = labelSets.map((labelNames, k) => new client.Gauge({ name: `gauge_${k}`, help, labelNames, registers }));
  const histograms = labelSets.map((labelNames, k) => new client.Histogram({ name: `histogram_${k}`, help, labelNames, registers }));
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
    histograms[2].startTimer(two)();
  }
}

export function cases(client) {
  const registers = [new client.Registry()];
  const counter = (labelNames = []) => new client.Counter({ name: "c_total", help, labelNames, registers });
  const gauge = (labelNames = []) => new client.Gauge({ name: "g", help, labelNames, registers });
  const histogram = (buckets, labelNames = []) => new client.Histogram({ name: "h", help, labelNames, buckets, registers });
  const summary = () => new client.Summary({ name: "s", help, percentiles: QUANTILES, maxAgeSeconds: 600, ageBuckets: 5, registers });
  const total = async (metric) => (await metric.get()).values.reduce((sum, { value }) => sum + value, 0);
  const observed = async (metric) =>
    (await metric.get()).values.filter(({ metricName }) => metricName?.endsWith("_count")).reduce((sum, { value }) => sum + value, 0);

  const labelled = (models, statuses) => () => {
    const metric = counter(LABELS);
    const p = labelPicks(models, statuses);
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.inc({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
      },
      recorded: () => total(metric),
    };
  };
  const observing = (buckets) => () => {
    const metric = histogram(buckets);
    const v = latencies();
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.observe(v[i & MASK]);
      },
      recorded: () => observed(metric),
    };
  };

  return {
    "counter inc"() {
      const metric = counter();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc();
        },
        recorded: () => total(metric),
      };
    },
    "counter inc, labels, 1 set"() {
      const metric = counter(LABELS);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc({ model: "owlv2", status: "success" });
        },
        recorded: () => total(metric),
      };
    },
    "counter inc, labels, 10 sets": labelled(5, 2),
    "counter inc, labels, 1000 sets": labelled(100, 10),
    "counter inc, labels, 1000 sets, new strings"() {
      const metric = counter(LABELS);
      const p = labelPicks(100, 10);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.inc({ model: p.models[p.m[i & MASK]], status: `status-${p.s[i & MASK]}` });
        },
        recorded: () => total(metric),
      };
    },
    "counter inc, held"() {
      const metric = counter(LABELS);
      const held = metric.labels(ALIKE);
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.inc();
        },
        recorded: () => total(metric),
      };
    },
    "gauge set"() {
      const metric = gauge();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.set(i);
        },
        last: () => total(metric),
      };
    },
    "gauge set, labels"() {
      const metric = gauge(LABELS);
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.set({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] }, i);
        },
      };
    },
    "gauge set, held"() {
      const metric = gauge(LABELS);
      const held = metric.labels(ALIKE);
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.set(i);
        },
        last: () => total(metric),
      };
    },
    "histogram observe, 11 buckets": observing(BUCKETS_11),
    "histogram observe, 20 buckets": observing(BUCKETS_20),
    "histogram observe, labels"() {
      const metric = histogram(BUCKETS_11, LABELS);
      const p = labelPicks(5, 2);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.observe({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] }, v[i & MASK]);
        },
        recorded: () => observed(metric),
      };
    },
    "histogram observe, held"() {
      const metric = histogram(BUCKETS_11, LABELS);
      const held = metric.labels(ALIKE);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) held.observe(v[i & MASK]);
        },
        recorded: () => observed(metric),
      };
    },
    "summary observe"() {
      const metric = summary();
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.observe(v[i & MASK]);
        },
        recorded: () => observed(metric),
      };
    },
    "summary read"() {
      const metric = summary();
      const v = latencies();
      let count = 0;
      while (count < 100_000) metric.observe(v[count++ & MASK]);
      let found = [];
      return {
        async run(n) {
          for (let i = 0; i < n; i++) {
            metric.observe(v[count++ & MASK]); // so that nothing can be kept from the last read
            const { values } = await metric.get();
            found = [values[0].value, values[1].value, values[2].value];
          }
        },
        quantiles: () => ({ found, count }),
      };
    },
    "timer, labels"() {
      const metric = histogram(BUCKETS_11, LABELS);
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.startTimer({ model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] })();
        },
        recorded: () => observed(metric),
      };
    },
  };
}
