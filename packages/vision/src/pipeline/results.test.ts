import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { reportOf } from "./fakes.test-kit.ts";
import { type FrameResult, ResultStream, resultOf } from "./results.ts";

const result = (index: number): FrameResult => resultOf("camera", reportOf({ index }));

describe("ResultStream", () => {
  it("hands out results in order, to who waits and to who comes later, and says when each is taken", async () => {
    const stream = new ResultStream(() => {});
    const taken: number[] = [];
    const first = stream.next();
    for (let index = 0; index < 3; index++) stream.push(result(index), () => taken.push(index));
    assert.deepEqual(taken, [0]);
    assert.equal((await first).value?.index, 0);
    assert.equal((await stream.next()).value?.index, 1);
    assert.deepEqual(taken, [0, 1]);
    stream.end({});
    assert.equal((await stream.next()).value?.index, 2);
    assert.equal((await stream.next()).done, true);
  });

  it("tells of a failure once, after the results", async () => {
    const stream = new ResultStream(() => {});
    stream.push(result(0), () => {});
    stream.end({ error: new Error("lost") });
    assert.equal((await stream.next()).value?.index, 0);
    await assert.rejects(stream.next(), /lost/);
    assert.equal((await stream.next()).done, true);
  });

  it("tells who waits that there is no more", async () => {
    const stream = new ResultStream(() => {});
    const waiting = [stream.next(), stream.next()];
    stream.end({});
    assert.deepEqual(
      (await Promise.all(waiting)).map(({ done }) => done),
      [true, true],
    );
  });

  it("gives back what waits when the loop is left", async () => {
    let closed = 0;
    let taken = 0;
    const stream = new ResultStream(() => closed++);
    for (let index = 0; index < 3; index++) stream.push(result(index), () => taken++);
    for await (const { index } of stream) {
      assert.equal(index, 0);
      break;
    }
    assert.deepEqual([closed, taken], [1, 3]);
    assert.equal((await stream.next()).done, true);
  });

  it("is named after its source, with what the detector threw", () => {
    const { source, error } = resultOf("camera", reportOf({ error: { code: "DETECTOR_FAILED", message: "no" } }));
    assert.deepEqual([source, error], ["camera", "no"]);
  });
});
