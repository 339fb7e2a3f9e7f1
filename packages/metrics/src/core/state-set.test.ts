import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "./registry.ts";

const STATES = ["up", "degraded", "down"] as const;
const options = { help: "State of the link.", states: STATES };

describe("a state set", () => {
  it("has a series for each state, all 0 at first", () => {
    const metrics = new Registry();
    metrics.stateSet("link_state", options);
    assert.deepEqual(
      STATES.map((link_state) => metrics.snapshot().value("link_state", { link_state })),
      [0, 0, 0],
    );
  });

  it("holds one state after set, and any after enable and disable", () => {
    const metrics = new Registry();
    const link = metrics.stateSet("link_state", options);
    const states = (): unknown => STATES.map((link_state) => metrics.snapshot().value("link_state", { link_state }));
    link.set("degraded");
    assert.deepEqual(states(), [0, 1, 0]);
    link.set("down");
    link.enable("up");
    assert.deepEqual(states(), [1, 0, 1]);
    link.disable("down");
    assert.deepEqual(states(), [1, 0, 0]);
  });

  it("is kept apart by labels, which the caller may change afterwards", () => {
    const metrics = new Registry({ namespace: "vision" });
    const link = metrics.stateSet("link_state", { ...options, labels: { source: String, side: ["left", "right"] } });
    const labels: { source: string; side: "left" | "right" } = { source: "door", side: "left" };
    const held = link.labels(labels);
    labels.source = "gate";
    held.set("up");
    link.set({ source: "gate", side: "right" }, "down");
    const snapshot = metrics.snapshot();
    const value = (source: string, side: string, vision_link_state: string): unknown =>
      snapshot.value("vision_link_state", { source, side, vision_link_state });
    assert.deepEqual(
      [value("door", "left", "up"), value("door", "left", "down"), value("gate", "right", "down"), value("gate", "left", "up")],
      [1, 0, 1, 0],
    );
    assert.equal(snapshot.get("vision_link_state")!.labelNames.at(-1), "vision_link_state");
    link.clear();
    assert.equal(metrics.snapshot().get("vision_link_state")!.length, 0);
  });

  it("refuses a state that was not declared", () => {
    const link = new Registry().stateSet("link_state", options);
    const refusal = { code: "VALUE_INVALID", message: 'link_state has no state "broken" (up, degraded, down). Use one of these, or declare it.' };
    for (const method of ["set", "enable", "disable"] as const) assert.throws(() => link[method]("broken" as never), refusal);
  });

  it("refuses labels that are missing or not declared", () => {
    const link = new Registry().stateSet("link_state", { ...options, labels: ["source"] });
    assert.throws(() => link.set({} as never, "up"), { code: "LABEL_MISSING" });
    assert.throws(() => link.set({ source: "a", sauce: "b" } as never, "up"), { code: "LABEL_UNKNOWN" });
  });

  const mistakes: readonly (readonly [what: string, options: unknown, code: string, message: RegExp])[] = [
    ["no options", undefined, "OPTION_INVALID", /link_state: states is undefined. Give the names of its states: \["up", "down"\]/],
    ["no states", { help: "H." }, "OPTION_INVALID", /states is undefined/],
    ["an empty list of states", { help: "H.", states: [] }, "OPTION_INVALID", /states is an array of 0/],
    ["a state that is no text", { help: "H.", states: ["up", 5] }, "OPTION_INVALID", /the values of label "link_state" are an array of 2/],
    [
      "a label of its own name",
      { help: "H.", states: ["up"], labels: ["link_state"] },
      "LABEL_NAME_INVALID",
      /writes its states into the label of its own name/,
    ],
    ["the same, with a closed set", { help: "H.", states: ["up"], labels: { link_state: ["x"] } }, "LABEL_NAME_INVALID", /own name/],
    ["a label twice", { help: "H.", states: ["up"], labels: ["a", "a"] }, "LABEL_NAME_INVALID", /declared twice/],
    ["labels that are a text", { help: "H.", states: ["up"], labels: "source" }, "OPTION_INVALID", /labels is "source"/],
    ["no help", { states: ["up"] }, "HELP_MISSING", /link_state has no help text/],
  ];
  for (const [what, wrong, code, message] of mistakes) {
    it(`refuses ${what}`, () => assert.throws(() => new Registry().stateSet("link_state", wrong as typeof options), { code, message }));
  }
});
