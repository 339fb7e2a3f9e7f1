import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { InferometerError } from "../core/errors.ts";
import { Registry } from "../core/registry.ts";
import { get } from "./http-client.test.fixture.ts";
import type { Selection } from "./selection.ts";
import { serve } from "./serve.ts";

function registryOf(name: string): Registry {
  const registry = new Registry();
  registry.gauge(name, { help: "A gauge." }).set(1);
  return registry;
}

describe("collect[] and exclude[]", () => {
  it("are answered with the metrics that were selected, in every format, and beside name[]", async () => {
    const asked: Selection[] = [];
    const part = registryOf("part");
    const select = (selection: Selection) => {
      asked.push(selection);
      return part;
    };
    await using server = await serve({ port: 0, registry: registryOf("whole"), select });
    assert.match((await get(`${server.url}/metrics`)).text, /^whole 1$/m);
    const { text } = await get(`${server.url}/metrics?collect[]=cpu&collect%5B%5D=arp`);
    assert.match(text, /^part 1$/m);
    assert.doesNotMatch(text, /whole|inferometer_/);
    assert.match((await get(`${server.url}/metrics.json?exclude[]=cpu`)).text, /"part"/);
    assert.doesNotMatch((await get(`${server.url}/metrics?collect[]=cpu&name[]=whole`)).text, /part|whole/);
    assert.deepEqual(asked.slice(0, 2), [
      { collect: ["cpu", "arp"], exclude: [] },
      { collect: [], exclude: ["cpu"] },
    ]);
  });

  it("get a 400 that says what does not exist", async () => {
    const select = (): never => {
      throw new InferometerError("OPTION_INVALID", "There is no collector cpuu.");
    };
    await using server = await serve({ port: 0, registry: registryOf("whole"), select });
    const { status, text } = await get(`${server.url}/metrics?collect[]=cpuu`);
    assert.deepEqual([status, text], [400, "There is no collector cpuu.\n"]);
  });

  it("are ignored where nobody selects", async () => {
    await using server = await serve({ port: 0, registry: registryOf("whole") });
    assert.match((await get(`${server.url}/metrics?collect[]=cpu`)).text, /^whole 1$/m);
  });

  it("do not go with a thread of its own", async () => {
    await assert.rejects(serve({ port: 0, worker: true, select: () => registryOf("part") }), { code: "OPTION_INVALID", message: /select works/ });
  });
});
