// A real Prometheus scrapes `inferometer agent`.
import assert from "node:assert/strict";
import { cpus, totalmem } from "node:os";
import { describe, it } from "node:test";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";
import { Agent } from "./agent.ts";
import { eventually } from "./debian-program.ts";
import { scraping } from "./scraping-prometheus.ts";

const program = whereIs("prometheus");
const options = process.platform === "linux" ? unlessMissing("prometheus") : { skip: "host() tells less elsewhere" };

describe("a Prometheus that scrapes the agent", options, () => {
  it("has the machine's values, and rates of them", async () => {
    await using agent = await Agent.start();
    await using prometheus = await scraping(new URL(agent.url).host, { prometheus: program });
    await prometheus.untilUp();
    assert.equal(await prometheus.value("count(node_cpu_seconds_total{mode='idle'})"), cpus().length);
    assert.equal(await prometheus.value("node_memory_MemTotal_bytes"), totalmem());
    assert.ok((await prometheus.value("node_load1")) >= 0);
    assert.equal(await prometheus.value("min(scrape_collector_success{collector=~'host|process|container'})"), 1);
    assert.ok((await prometheus.value("process_resident_memory_bytes")) > 1e7);
    const rate = async (): Promise<number | undefined> => {
      const value = await prometheus.value("sum(rate(node_cpu_seconds_total[10s]))");
      return value > 0 ? value : undefined;
    };
    const seconds = await eventually(rate, { seconds: 20, what: "a rate" });
    assert.ok(seconds < cpus().length * 2, `${cpus().length} CPUs counted ${seconds} seconds a second`);
  });
});
