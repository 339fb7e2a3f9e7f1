// OpenTelemetry has no held series and no summary.
import { BUCKETS_11, BUCKETS_20, labelPicks, latencies, MASK } from "../data.mjs";
import { otelMeter } from "../otel.mjs";

const STAGES = ["decode", "detect", "track", "draw"];

/** See prom-client.mjs. */
export function season() {
  const { meter } = otelMeter();
  const counters = [0, 1, 2].map((k) => meter.createCounter(`counter_${k}`));
  const gauges = [0, 1, 2].map((k) => meter.createGauge(`gauge_${k}`));
  const histograms = [0, 1, 2].map((k) => meter.createHistogram(`histogram_${k}`));
  for (let i = 0; i < 20_000; i++) {
    const one = { stage: STAGES[i % 4] };
    const two = { model: STAGES[i % 3], status: STAGES[i % 2] };
    counters[0].add(1);
    counters[1].add(1, one);
    counters[2].add(0.5, two);
    gauges[0].record(i);
    gauges[1].record(i / 3, one);
    gauges[2].record(i, two);
    histograms[0].record(i / 1000);
    histograms[1].record(i / 1000, one);
    histograms[2].record(i / 1000, two);
  }
}

export function cases() {
  const { meter, exporter } = otelMeter();
  const points = async () => (await exporter.collect()).resourceMetrics.scopeMetrics[0].metrics[0].dataPoints;
  const total = async () => (await points()).reduce((sum, { value }) => sum + value, 0);
  const observed = async () => (await points()).reduce((sum, { value }) => sum + value.count, 0);
  const histogram = (explicitBucketBoundaries) => meter.createHistogram("h", { advice: { explicitBucketBoundaries } });

  const labelled = (models, statuses) => () => {
    const metric = meter.createCounter("c_total");
    const p = labelPicks(models, statuses);
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.add(1, { model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
      },
      recorded: total,
    };
  };
  const observing = (buckets) => () => {
    const metric = histogram(buckets);
    const v = latencies();
    return {
      run(n) {
        for (let i = 0; i < n; i++) metric.record(v[i & MASK]);
      },
      recorded: observed,
    };
  };

  return {
    "counter inc"() {
      const metric = meter.createCounter("c_total");
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.add(1);
        },
        recorded: total,
      };
    },
    "counter inc, labels, 1 set"() {
      const metric = meter.createCounter("c_total");
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.add(1, { model: "owlv2", status: "success" });
        },
        recorded: total,
      };
    },
    "counter inc, labels, 10 sets": labelled(5, 2),
    "counter inc, labels, 1000 sets": labelled(100, 10),
    "counter inc, labels, 1000 sets, new strings"() {
      const metric = meter.createCounter("c_total");
      const p = labelPicks(100, 10);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.add(1, { model: p.models[p.m[i & MASK]], status: `status-${p.s[i & MASK]}` });
        },
        recorded: total,
      };
    },
    "gauge set"() {
      const metric = meter.createGauge("g");
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.record(i);
        },
        last: total,
      };
    },
    "gauge set, labels"() {
      const metric = meter.createGauge("g");
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.record(i, { model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
        },
      };
    },
    "histogram observe, 11 buckets": observing(BUCKETS_11),
    "histogram observe, 20 buckets": observing(BUCKETS_20),
    "histogram observe, labels"() {
      const metric = histogram(BUCKETS_11);
      const p = labelPicks(5, 2);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) metric.record(v[i & MASK], { model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
        },
        recorded: observed,
      };
    },
    "timer, labels"() {
      const metric = histogram(BUCKETS_11);
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            const start = performance.now();
            metric.record((performance.now() - start) / 1000, { model: p.models[p.m[i & MASK]], status: p.statuses[p.s[i & MASK]] });
          }
        },
        recorded: observed,
      };
    },
  };
}
