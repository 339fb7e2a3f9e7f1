import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

interface Report {
  readonly ms: number;
  readonly values: Readonly<Record<string, number>>;
}

const children: ChildProcess[] = [];
const start = (): ChildProcess => {
  const child = fork(fileURLToPath(new URL("./cluster.test.worker.js", import.meta.url)));
  children.push(child);
  return child;
};
const tell = async (child: ChildProcess, order: string, name?: string): Promise<Report> => {
  child.send({ order, name });
  const [report] = (await once(child, "message")) as [Report];
  return report;
};

after(() => {
  for (const child of children) child.kill();
});

describe("clusterMetrics", () => {
  it("sums up the workers, keeps what ended workers counted, and survives a stuck one", async () => {
    const primary = start();
    await tell(primary, "fork", "a");
    const two = (await tell(primary, "fork", "b")).values;
    assert.equal(two["all_total{}"], 102);
    assert.equal(two['jobs_total{"worker":"a"}'], 1);
    assert.equal(two['jobs_total{"worker":"b"}'], 1);
    assert.equal(two["job_duration_seconds{}"], 2);
    assert.equal(two["job_memory_bytes{}"], 20);
    assert.equal(two["job_peak_bytes{}"], 7);

    const killed = (await tell(primary, "kill", "b")).values;
    assert.equal(killed["all_total{}"], 102);
    assert.equal(killed['jobs_total{"worker":"b"}'], 1);
    assert.equal(killed["job_duration_seconds{}"], 2);
    assert.equal(killed["job_memory_bytes{}"], 10);
    assert.equal(killed["job_peak_bytes{}"], 3);

    const three = (await tell(primary, "fork", "c")).values;
    assert.equal(three["all_total{}"], 103);
    const hung = await tell(primary, "hang", "c");
    assert.equal(hung.values["all_total{}"], 103);
    assert.ok(hung.ms < 2000, `took ${hung.ms} ms`);

    const stopped = (await tell(primary, "stop", "a")).values;
    assert.equal(stopped["all_total{}"], 103);
  });
});
