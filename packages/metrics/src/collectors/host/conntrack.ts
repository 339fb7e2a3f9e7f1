import type { Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

const STATISTICS: Readonly<Record<string, string>> = {
  found: "Look-ups that found an entry.",
  invalid: "Packets that could not be tracked.",
  ignore: "Packets that were tracked already.",
  insert: "Entries put into the table.",
  insert_failed: "Entries that could not be put into the table.",
  drop: "Packets dropped, since tracking failed.",
  early_drop: "Entries dropped to make room.",
  search_restart: "Look-ups begun anew, since the table was resized.",
};

/** Connection tracking: `node_nf_conntrack_entries`, `_entries_limit`, `node_nf_conntrack_stat_*` over all CPUs. Nothing where the module is not loaded. */
export const conntrack: HostPart = {
  name: "conntrack",
  open({ readings, proc }) {
    const entries = {
      file: proc("sys/net/netfilter/nf_conntrack_count"),
      series: readings.gauge("node_nf_conntrack_entries", "Connections tracked."),
    };
    const limit = {
      file: proc("sys/net/netfilter/nf_conntrack_max"),
      series: readings.gauge("node_nf_conntrack_entries_limit", "Most connections that can be tracked."),
    };
    const table = proc("net/stat/nf_conntrack");
    const series = new Map<string, Series>(
      Object.entries(STATISTICS).map(([name, help]) => [name, readings.gauge(`node_nf_conntrack_stat_${name}`, help)]),
    );
    let header = "";
    let columns: readonly string[] = [];
    let sums = new Float64Array(0);
    return () => {
      for (const one of [entries, limit]) one.series.set(one.file.read().uint());
      const text = table.read();
      const names = text.line();
      if (names !== header) {
        header = names;
        columns = names.trim().split(/\s+/);
        sums = new Float64Array(columns.length);
      }
      sums.fill(0);
      for (; text.at < text.end; text.nextLine()) for (let k = 0; k < sums.length; k++) sums[k]! += text.hex() || 0;
      // By name: kernels differ in which columns they have, and in which order.
      for (let k = 0; k < sums.length; k++) series.get(columns[k]!)?.set(sums[k]!);
    };
  },
};
