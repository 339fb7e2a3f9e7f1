import assert from "node:assert/strict";
import test from "node:test";
import { labelsFromMetadata, labelsFromText, loadLabels } from "./labels.ts";

const files: readonly (readonly [string, string, readonly string[]])[] = [
  ["one a line", "person\r\nred car\n  dog \n\n", ["person", "red car", "dog"]],
  ["one a line, an empty one among them", "person\n\ncar", ["person", "", "car"]],
  ["a JSON array", '["person", "car"]', ["person", "car"]],
  ["a JSON object by number, with a hole", '{"2": "car", "0": "person"}', ["person", "class-1", "car"]],
  ["the config of a model from Hugging Face", '{"architectures": ["X"], "id2label": {"0": "N/A", "1": "person"}}', ["N/A", "person"]],
  ["an object with names", '\uFEFF{"names": ["a"]}', ["a"]],
];
for (const [title, text, expected] of files) {
  test(`labels come from ${title}`, () => assert.deepEqual(labelsFromText(text, "labels"), expected));
}

const refused: readonly (readonly [string, RegExp])[] = [
  ["", /coco\.txt is empty/],
  ["[1, 2]", /coco\.txt holds 1 where labels should be/],
  ['{"person": 0}', /holds the key "person"/],
  ["[]", /holds nothing/],
  ['{"names": "person"}', /holds "person"/],
  ["[broken", /not valid JSON/],
  ['{"99999999": "x"}', /holds the key "99999999"/],
];
for (const [text, message] of refused) {
  test(`a labels file of ${JSON.stringify(text)} is refused`, () => {
    assert.throws(() => labelsFromText(text, "coco.txt"), { code: "MODEL_INVALID", message });
  });
}

const metadata: readonly (readonly [string | undefined, readonly string[] | undefined])[] = [
  ["{0: 'person', 1: 'bicycle'}", ["person", "bicycle"]],
  [`{0: "driver's seat", 2: 'say \\'hi\\', all: {x}'}`, ["driver's seat", "class-1", "say 'hi', all: {x}"]],
  ["['a', 'b']", ["a", "b"]],
  ['{"0": "cat", "1": "dog"}', ["cat", "dog"]],
  ["{}", undefined],
  ["person", undefined],
  ["{999999999: 'x'}", undefined],
  [undefined, undefined],
];
for (const [names, expected] of metadata) {
  test(`names in metadata ${JSON.stringify(names)} are ${JSON.stringify(expected)}`, () => assert.deepEqual(labelsFromMetadata(names), expected));
}

test("a list is copied, and a file that is not there is named", async () => {
  const given = ["a", "b"];
  const labels = await loadLabels(given);
  given[0] = "changed";
  assert.deepEqual(labels, ["a", "b"]);
  await assert.rejects(loadLabels("/nowhere/labels.txt"), { code: "MODEL_INVALID", message: /\/nowhere\/labels\.txt cannot be read: ENOENT/ });
});
