import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CollectorState } from "../core/collection.ts";
import { healthOf } from "./health.ts";

const state = (name: string, over: Partial<CollectorState> = {}): CollectorState => ({
  name,
  required: false,
  ok: true,
  durationSeconds: 0.002,
  ...over,
});

describe("healthOf", () => {
  it("is ok without collectors", () => assert.deepEqual(healthOf([], 1.23456), { status: "ok", uptime_seconds: 1.235, collectors: [] }));

  it("is degraded when a collector fails that is not required", () => {
    assert.equal(healthOf([state("a"), state("gpu", { ok: false, error: "no driver" })], 1).status, "degraded");
  });

  it("is failing when a required one fails", () => {
    assert.equal(healthOf([state("gpu", { ok: false }), state("db", { ok: false, required: true })], 1).status, "failing");
  });

  it("is ok when a required one works", () => assert.equal(healthOf([state("db", { required: true })], 1).status, "ok"));

  it("shows one line of an error, and no more than 200 characters of it", () => {
    const [one, two] = healthOf(
      [state("a", { ok: false, error: "first\n    at secret (/srv/app.js:1)" }), state("b", { ok: false, error: "x".repeat(5000) })],
      1,
    ).collectors;
    assert.equal(one?.error, "first");
    assert.equal(two?.error?.length, 200);
  });
});
