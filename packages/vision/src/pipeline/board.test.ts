import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Board } from "./board.ts";

describe("Board", () => {
  it("tells what came since the last look, to each who looks", () => {
    const board = new Board();
    const other = new Board(board.buffer);
    board.countReceived(3);
    other.countDropped("stale", 1);
    assert.deepEqual(board.takeCounts(), { received: 3, dropped: { stale: 1 } });
    board.countReceived(1);
    assert.deepEqual(board.takeCounts(), { received: 1, dropped: {} });
    assert.deepEqual(other.takeCounts(), { received: 4, dropped: { stale: 1 } });
  });

  it("counts on when a word wraps around", () => {
    const board = new Board();
    board.countReceived(0x7fffffff);
    assert.equal(board.takeCounts().received, 0x7fffffff);
    board.countReceived(5);
    assert.equal(board.takeCounts().received, 5);
  });

  it("gives the duty to wake a sleeper to one only", () => {
    const board = new Board();
    assert.equal(board.wasAsleep("reader"), false);
    board.setAsleep("reader");
    assert.equal(board.wasAsleep("detector"), false);
    assert.equal(board.wasAsleep("reader"), true);
    assert.equal(board.wasAsleep("reader"), false);
  });

  it("knows how many reports wait to be taken", () => {
    const board = new Board();
    board.countReported();
    board.countReported();
    assert.equal(board.unread, 2);
    board.countTaken();
    assert.equal(new Board(board.buffer).unread, 1);
  });

  it("passes on that it is to stop, and that there is no more", () => {
    const board = new Board();
    const other = new Board(board.buffer);
    assert.deepEqual([other.stopped, other.ended], [false, false]);
    board.stop();
    board.end();
    assert.deepEqual([other.stopped, other.ended], [true, true]);
  });
});
