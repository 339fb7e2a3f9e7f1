import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import { Registry } from "../core/registry.ts";
import { parseJson } from "../formats/parse-json.ts";
import { serve } from "./serve.ts";

const text = async (url: string): Promise<string> => (await fetch(url)).text();

describe("serve({ worker: true })", () => {
  it("serves every type of metric from its own thread, values of this moment", async () => {
    const registry = new Registry();
    const frames = registry.counter("frames_total", { help: "Frames.", labels: ["model"] });
    registry.histogram("latency_seconds", { help: "Latency.", buckets: [1] }).observe(0.5);
    registry.summary("wait_seconds", { help: "Wait.", quantiles: [0.5] }).observe(2);
    registry.info("application_info", { help: "What runs.", labels: ["version"] }).set({ version: "1.0" });
    registry.stateSet("link_state", { help: "Link.", states: ["up", "down"] }).set("up");
    registry.gauge("pool_size", { help: "Pool.", read: () => 3 });
    frames.inc({ model: "a" });
    await using server = await serve({ port: 0, worker: true, registry, channel: "exporter-1" });
    const first = parseJson(await text(`${server.url}/metrics.json`));
    for (const family of registry.snapshot()) assert.ok(first.get(family.name) !== undefined, `${family.name} is missing`);
    assert.equal(first.value("frames_total", { model: "a" }), 1);
    assert.equal(first.value("pool_size"), 3);
    assert.equal(first.value("application_info", { version: "1.0" }), 1);
    frames.inc({ model: "a" }, 4);
    frames.inc({ model: "b" });
    const second = await text(`${server.url}/metrics`);
    assert.match(second, /^frames_total\{model="a"\} 5$/m);
    assert.match(second, /^frames_total\{model="b"\} 1$/m);
    assert.match(second, /^latency_seconds_bucket\{le="1"\} 1$/m);
    assert.match(second, /^wait_seconds_count 1$/m);
    assert.match(second, /^inferometer_scrapes_total\{format="json",status="success"\} 1$/m);
  });

  it("answers while this thread is blocked", async () => {
    const registry = new Registry();
    registry.counter("frames_total", { help: "Frames." }).inc(11);
    await using server = await serve({ port: 0, worker: true, registry, channel: "exporter-2" });
    const script = `fetch(${JSON.stringify(`${server.url}/metrics`)}).then((r) => r.text()).then((t) => process.exit(/^frames_total 11$/m.test(t) ? 0 : 1))`;
    const child = spawn(process.execPath, ["-e", script], { stdio: "ignore" });
    // No turn of the event loop for three seconds: only the other thread can have answered by then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);
    const state = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]?.[0];
    assert.equal(state, "Z", "the client has finished, though this thread never turned");
    const code = await new Promise((resolve) => child.once("exit", resolve));
    assert.equal(code, 0);
  });

  it("refuses what cannot be served from a thread, and a port that is taken, with the way out", async () => {
    const registry = new Registry();
    await assert.rejects(
      serve({ port: 0, worker: true, registry: { collect: () => registry.collect(), collectorStates: () => [] } }),
      (error) => error instanceof InferometerError && error.code === "OPTION_INVALID" && /Leave worker out/.test(error.message),
    );
    await using server = await serve({ port: 0, registry });
    await assert.rejects(
      serve({ port: server.port, worker: true, registry, channel: "exporter-3" }),
      (error) => error instanceof InferometerError && error.code === "PORT_IN_USE" && error.message.includes(String(server.port)),
    );
  });

  it("frees its port when it is closed, and can be opened again", async () => {
    const registry = new Registry();
    registry.counter("frames_total", { help: "Frames." }).inc();
    const first = await serve({ port: 0, worker: true, registry, channel: "exporter-4" });
    await first.close();
    await using second = await serve({ port: first.port, worker: true, registry, channel: "exporter-4" });
    assert.match(await text(`${second.url}/metrics`), /^frames_total 1$/m);
  });
});
