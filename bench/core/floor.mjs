// The hand-written floor: what the same record costs without a library, checks or features.
import { BUCKETS_11, BUCKETS_20, labelPicks, latencies, MASK } from "../data.mjs";

export function season() {}

export function cases() {
  const cells = new Float64Array(8192);
  const rows = new Map();
  let used = 0;
  const slotOf = (model, status) => {
    let byStatus = rows.get(model);
    if (byStatus === undefined) rows.set(model, (byStatus = new Map()));
    let slot = byStatus.get(status);
    if (slot === undefined) byStatus.set(status, (slot = used++));
    return slot;
  };
  const observe = (value, bounds, start) => {
    let k = 0;
    while (k < bounds.length && value > bounds[k]) k++;
    cells[start + k] += 1;
    cells[start + bounds.length + 1] += value;
  };
  const total = () => cells.reduce((sum, value) => sum + value, 0);
  const observed = (width) => () => {
    let sum = 0;
    for (let i = 0; i < cells.length; i++) if (i % width !== width - 1) sum += cells[i];
    return sum;
  };

  const increment = () => ({
    run(n) {
      for (let i = 0; i < n; i++) cells[7] += 1;
    },
    recorded: total,
  });
  const set = () => ({
    run(n) {
      for (let i = 0; i < n; i++) cells[7] = i;
    },
    last: total,
  });
  const labelled = (models, statuses) => () => {
    const p = labelPicks(models, statuses);
    return {
      run(n) {
        for (let i = 0; i < n; i++) cells[slotOf(p.models[p.m[i & MASK]], p.statuses[p.s[i & MASK]])] += 1;
      },
      recorded: total,
    };
  };
  const observing = (bounds) => () => {
    const v = latencies();
    return {
      run(n) {
        for (let i = 0; i < n; i++) observe(v[i & MASK], bounds, 0);
      },
      recorded: observed(bounds.length + 2),
    };
  };

  return {
    "counter inc": increment,
    "counter inc, labels, 1 set"() {
      return {
        run(n) {
          for (let i = 0; i < n; i++) cells[slotOf("owlv2", "success")] += 1;
        },
        recorded: total,
      };
    },
    "counter inc, labels, 10 sets": labelled(5, 2),
    "counter inc, labels, 1000 sets": labelled(100, 10),
    "counter inc, labels, 1000 sets, new strings"() {
      const p = labelPicks(100, 10);
      return {
        run(n) {
          for (let i = 0; i < n; i++) cells[slotOf(p.models[p.m[i & MASK]], `status-${p.s[i & MASK]}`)] += 1;
        },
        recorded: total,
      };
    },
    "counter inc, held": increment,
    "gauge set": set,
    "gauge set, labels"() {
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) cells[slotOf(p.models[p.m[i & MASK]], p.statuses[p.s[i & MASK]])] = i;
        },
      };
    },
    "gauge set, held": set,
    "histogram observe, 11 buckets": observing(BUCKETS_11),
    "histogram observe, 20 buckets": observing(BUCKETS_20),
    "histogram observe, labels"() {
      const p = labelPicks(5, 2);
      const v = latencies();
      return {
        run(n) {
          for (let i = 0; i < n; i++) observe(v[i & MASK], BUCKETS_11, 13 * slotOf(p.models[p.m[i & MASK]], p.statuses[p.s[i & MASK]]));
        },
        recorded: observed(13),
      };
    },
    "histogram observe, held": observing(BUCKETS_11),
    "timer, labels"() {
      const p = labelPicks(5, 2);
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            const start = performance.now();
            const slot = slotOf(p.models[p.m[i & MASK]], p.statuses[p.s[i & MASK]]);
            observe((performance.now() - start) / 1000, BUCKETS_11, 13 * slot);
          }
        },
        recorded: observed(13),
      };
    },
    // What "metrics off" does, without the call.
    "metrics off: inc, labels"() {
      const p = labelPicks(5, 2);
      let sum = 0;
      return {
        run(n) {
          for (let i = 0; i < n; i++) {
            const model = p.models[p.m[i & MASK]];
            const status = p.statuses[p.s[i & MASK]];
            sum += model.length + status.length;
          }
          return sum < 0 ? sum : undefined;
        },
      };
    },
  };
}
