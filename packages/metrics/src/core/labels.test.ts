import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cleanLabelValue, declaredLabels, MAX_LABEL_LENGTH } from "./labels.ts";

describe("declaredLabels", () => {
  it("reads a list of names, and an object with closed sets", () => {
    assert.deepEqual(declaredLabels(undefined, "m"), { names: [], closed: [] });
    assert.deepEqual(declaredLabels(["model", "status"], "m"), { names: ["model", "status"], closed: [undefined, undefined] });
    assert.deepEqual(declaredLabels({ model: String, status: ["ok", "error", "ok"] }, "m"), {
      names: ["model", "status"],
      closed: [undefined, ["ok", "error"]],
    });
  });

  it("copies a closed set, and cleans its values as it will clean those of records", () => {
    const set = ["ok", "\ud800"];
    const declared = declaredLabels({ status: set }, "m");
    set[0] = "changed";
    assert.deepEqual(declared.closed, [["ok", "\ufffd"]]);
  });

  it("refuses a name that is declared twice", () => {
    assert.throws(() => declaredLabels(["a", "b", "a"], "frames"), {
      code: "LABEL_NAME_INVALID",
      message: /Label "a" of frames is declared twice. Declare it once/,
    });
  });

  const mistakes: readonly (readonly [what: string, spec: unknown, message: RegExp])[] = [
    ["a text", "model", /frames: labels is "model". Declare labels as \["model", "status"\] or as \{ model: String/],
    ["null", null, /labels is null/],
    ["a number as a label's values", { model: Number }, /the values of label "model" are a function/],
    ["an empty closed set", { status: [] }, /the values of label "status" are an array of 0/],
    ["a closed set with a number", { status: ["ok", 5] }, /the values of label "status" are an array of 2/],
    ["a text as a closed set", { status: "ok" }, /the values of label "status" are "ok"/],
  ];
  for (const [what, spec, message] of mistakes) {
    it(`refuses ${what}`, () => assert.throws(() => declaredLabels(spec as string[], "frames"), { code: "OPTION_INVALID", message }));
  }
});

describe("cleanLabelValue", () => {
  it("leaves whole texts alone, whatever is in them", () => {
    for (const text of ["", "plain", 'quote " backslash \\ line \n tab \t nul \0', "\u{1f600} \u00e4 \u4e2d", "x".repeat(MAX_LABEL_LENGTH)])
      assert.equal(cleanLabelValue(text), text);
  });

  it("replaces lone halves of characters and keeps whole pairs", () => {
    assert.equal(cleanLabelValue("\ud83d\ude00\ud83d!\ude00\ud83d\ude00"), "\u{1f600}\ufffd!\ufffd\u{1f600}");
    assert.equal(cleanLabelValue("\ud800\ud800"), "\ufffd\ufffd");
  });

  it("cuts a value of a megabyte, also in the middle of a character", () => {
    const cut = cleanLabelValue("a".repeat(1_000_000));
    assert.equal(cut.length, MAX_LABEL_LENGTH);
    assert.ok(cut.endsWith("a…"));
    const pairs = cleanLabelValue("\u{1f600}".repeat(1000));
    assert.equal(pairs.length, MAX_LABEL_LENGTH);
    assert.ok(pairs.endsWith("\u{1f600}\ufffd…"));
  });

  it("gives a text that survives UTF-8, and that cleaning again does not change", () => {
    const units = fc.array(fc.oneof(fc.integer({ min: 0xd7f0, max: 0xe010 }), fc.integer({ min: 0, max: 0xffff })), { maxLength: 40 });
    fc.assert(
      fc.property(units, (codes) => {
        const clean = cleanLabelValue(String.fromCharCode(...codes));
        assert.equal(new TextDecoder("utf-8", { ignoreBOM: true }).decode(new TextEncoder().encode(clean)), clean);
        assert.equal(cleanLabelValue(clean), clean);
      }),
    );
  });
});
