import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { test } from "node:test";
import { Interrupts, type Signal, type SignalSource, signalCode } from "./interrupts.ts";

class Signals extends EventEmitter implements SignalSource {
  readonly pid = 42;
  readonly killed: [number, Signal][] = [];

  kill(pid: number, signal: Signal): void {
    this.killed.push([pid, signal]);
  }
}

test("the first signal is told, the second ends the process as if nobody listened", () => {
  const signals = new Signals();
  using interrupts = new Interrupts(signals);
  const told: Signal[] = [];
  interrupts.onFirst((signal) => told.push(signal));
  signals.emit("SIGINT", "SIGINT");
  assert.deepEqual([told, signals.killed, interrupts.first], [["SIGINT"], [], "SIGINT"]);
  signals.emit("SIGTERM", "SIGTERM");
  assert.deepEqual([told, signals.killed], [["SIGINT"], [[42, "SIGTERM"]]]);
  assert.equal(signals.listenerCount("SIGTERM"), 0);
});

test("who listens late is told at once", () => {
  const signals = new Signals();
  using interrupts = new Interrupts(signals);
  signals.emit("SIGTERM", "SIGTERM");
  const told: Signal[] = [];
  interrupts.onFirst((signal) => told.push(signal));
  assert.deepEqual(told, ["SIGTERM"]);
});

test("after it is disposed of, signals are nobody's", () => {
  const signals = new Signals();
  new Interrupts(signals)[Symbol.dispose]();
  assert.deepEqual(signals.eventNames(), []);
});

test("exit codes are those of a shell", () => {
  assert.deepEqual([signalCode("SIGINT"), signalCode("SIGTERM"), signalCode("SIGHUP")], [130, 143, 129]);
});
