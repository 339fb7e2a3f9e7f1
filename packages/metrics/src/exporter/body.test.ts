import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { Body, type Reading } from "./body.ts";

const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill);

function readAll({ pieces }: Reading): Buffer {
  const all: Uint8Array[] = [];
  for (let step = pieces.next(); step.done !== true; step = pieces.next()) all.push(step.value);
  return Buffer.concat(all);
}

describe("Body", () => {
  it("gives its bytes in order, in pieces of at most 64 KiB", async () => {
    const body = new Body([bytes(200_000, 1), bytes(0, 0), bytes(3, 2)], { lent: false, readers: 1 });
    const { pieces, byteLength } = await body.read("identity");
    const lengths: number[] = [];
    for (let step = pieces.next(); step.done !== true; step = pieces.next()) lengths.push(step.value.byteLength);
    assert.deepEqual(lengths, [65536, 65536, 65536, 3392, 3]);
    assert.equal(byteLength, 200_003);
  });

  it("compresses once for all readers", async () => {
    const body = new Body([bytes(5000, 7), bytes(5000, 8)], { lent: false, readers: 2 });
    const [first, second] = await Promise.all([body.read("gzip"), body.read("gzip")]);
    assert.equal(first.coding, "gzip");
    const compressed = readAll(first);
    assert.equal(compressed.byteLength, first.byteLength);
    assert.deepEqual(readAll(second), compressed);
    assert.deepEqual(gunzipSync(compressed), Buffer.concat([bytes(5000, 7), bytes(5000, 8)]));
  });

  it("does not compress what fits into a packet", async () => {
    const body = new Body([bytes(1024, 7)], { lent: false, readers: 1 });
    const reading = await body.read("gzip");
    assert.equal(reading.coding, "identity");
    assert.equal(readAll(reading).byteLength, 1024);
  });

  it("keeps a slow reader's bytes when their owner changes them", async () => {
    const owned = [bytes(100_000, 1), bytes(100_000, 2)];
    const body = new Body(owned, { lent: true, readers: 1 });
    const reading = await body.read("identity");
    const first = reading.pieces.next().value as Uint8Array;
    await body.detach();
    for (const chunk of owned) chunk.fill(9);
    const rest = readAll(reading);
    assert.deepEqual(Buffer.concat([first, rest]), Buffer.concat([bytes(100_000, 1), bytes(100_000, 2)]));
  });

  it("lets go of lent bytes without a copy when all readers want them compressed", async () => {
    const body = new Body([bytes(100_000, 1)], { lent: true, readers: 1 });
    const reading = await body.read("gzip");
    await body.detach();
    assert.equal(body.heldBytes, reading.byteLength);
    assert.equal(gunzipSync(readAll(reading)).byteLength, 100_000);
  });

  it("waits with letting go until a compression that is under way has read everything", async () => {
    const owned = bytes(3_000_000, 1);
    const body = new Body([owned], { lent: true, readers: 1 });
    const reading = body.read("gzip");
    await body.detach();
    owned.fill(9);
    assert.deepEqual(new Set(gunzipSync(readAll(await reading))), new Set([1]));
  });

  it("keeps a copy for a reader that has not begun yet", async () => {
    const owned = bytes(10_000, 1);
    const body = new Body([owned], { lent: true, readers: 1 });
    await body.detach();
    owned.fill(9);
    assert.deepEqual(new Set(readAll(await body.read("identity"))), new Set([1]));
  });

  it("holds nothing once all readers are done", async () => {
    const body = new Body([bytes(10_000, 1)], { lent: false, readers: 2 });
    const [plain, compressed] = [await body.read("identity"), await body.read("gzip")];
    assert.ok(body.heldBytes > 10_000);
    plain.release();
    assert.equal(body.isDone, false);
    compressed.release();
    assert.equal(body.isDone, true);
    assert.equal(body.heldBytes, 0);
  });

  it("makes its readers fail once it is given up", async () => {
    const body = new Body([bytes(200_000, 1)], { lent: false, readers: 1 });
    const { pieces } = await body.read("identity");
    pieces.next();
    body.abandon();
    assert.throws(() => pieces.next(), /given up/);
    assert.equal(body.heldBytes, 0);
  });
});
