import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import test, { type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import type { Frame } from "../types.ts";
import { createDetector, type DetectorSpec, parseDetector } from "./create-detector.ts";
import { MotionDetector } from "./motion-detector.ts";
import { OnnxDetector } from "./onnx/onnx-detector.ts";
import { PeopleDetector } from "./people-detector.ts";

const frame: Frame = { data: new Uint8Array(12), width: 2, height: 2, pixelFormat: "rgb24", index: 0, timestampSeconds: 0 };

const words: readonly (readonly [string, DetectorSpec])[] = [
  ["motion", { kind: "motion" }],
  ["people", { kind: "people" }],
  ["models/yolo11n.onnx", { kind: "onnx", model: "models/yolo11n.onnx" }],
  ["C:\\models\\A.ONNX", { kind: "onnx", model: "C:\\models\\A.ONNX" }],
  ["./own.mjs", { kind: "module", url: "./own.mjs" }],
  ["own.ts", { kind: "module", url: "own.ts" }],
  ["file:///home/me/own.js", { kind: "module", url: "file:///home/me/own.js" }],
];
for (const [text, spec] of words) {
  test(`"${text}" is read as ${JSON.stringify(spec)}`, () => assert.deepEqual(parseDetector(text), spec));
}

test("other words are refused, with what there is", () => {
  for (const text of ["yolo", "", "model.pt", "./folder"])
    assert.throws(() => parseDetector(text), {
      code: "OPTION_INVALID",
      message: /is not known\. Give "motion", "people", the path of an \.onnx model/,
    });
});

test("each kind makes its detector, with its options", async () => {
  assert.ok((await createDetector({ kind: "motion", minArea: 0.1 })) instanceof MotionDetector);
  assert.ok((await createDetector({ kind: "people" })) instanceof PeopleDetector);
  const onnx = await createDetector({ kind: "onnx", model: "a/b.onnx", confidence: 0.3 });
  assert.ok(onnx instanceof OnnxDetector);
  assert.equal(onnx.name, "b");
  await assert.rejects(createDetector({ kind: "motion", minArea: 7 }), { code: "OPTION_INVALID", message: /minArea is 7/ });
  await assert.rejects(createDetector({ kind: "onnx", model: "m.onnx", confidence: 7 }), { code: "OPTION_INVALID", message: /confidence is 7/ });
  await assert.rejects(createDetector({ kind: "yolo" } as never), { code: "OPTION_INVALID", message: /kind "yolo" is not known/ });
});

function moduleOf(t: TestContext, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-detector-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "own.mjs"), text);
  return join(folder, "own.mjs");
}

const OWN = `{ name: "own", detect: ({ width, height }) => [{ box: { x: 0, y: 0, width, height }, label: "all", confidence: 1 }] }`;
for (const [title, text] of [
  ["a detector as default", `export default ${OWN};`],
  ["one that is called detector", `export const detector = ${OWN};`],
  ["a function that makes one", `export default () => (${OWN});`],
  ["a function that makes one in time", `export async function detector() { return ${OWN}; }`],
  ["a class", `export default class { name = "own"; #made = ${OWN}; detect(frame) { return this.#made.detect(frame); } }`],
] as const) {
  test(`a module of the user's own may export ${title}`, async (t) => {
    const path = moduleOf(t, text);
    for (const url of [path, relative(process.cwd(), path), pathToFileURL(path).href]) {
      const detector = await createDetector({ kind: "module", url });
      assert.equal(detector.name, "own");
      assert.deepEqual(await detector.detect(frame), [{ box: { x: 0, y: 0, width: 2, height: 2 }, label: "all", confidence: 1 }]);
    }
  });
}

for (const [title, text, message] of [
  ["exports nothing", "export const x = 1;", /own\.mjs has neither a default export nor one called detector\. Export \{ name/],
  ["exports a number", "export default 5;", /own\.mjs has 5 where a detector should be/],
  ["has a detector without a name", "export default { detect() { return []; } };", /has an object where a detector should be/],
  ["cannot be parsed", "export default {", /own\.mjs cannot be loaded: Unexpected/],
  ["throws", "throw new Error('no licence');", /own\.mjs cannot be loaded: no licence/],
  ["throws when it makes the detector", "export default () => { throw new Error('no camera'); };", /own\.mjs failed to make a detector: no camera/],
] as const) {
  test(`a module that ${title} says so`, async (t) => {
    await assert.rejects(createDetector({ kind: "module", url: moduleOf(t, text) }), { code: "DETECTOR_FAILED", message });
  });
}

test("a module that is not there is named", async () => {
  await assert.rejects(createDetector({ kind: "module", url: "./nowhere.mjs" }), {
    code: "DETECTOR_FAILED",
    message: /module \.\/nowhere\.mjs cannot be loaded/,
  });
});
