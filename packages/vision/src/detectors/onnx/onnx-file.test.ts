import assert from "node:assert/strict";
import test from "node:test";
import { InferometerError } from "@inferometer/metrics";
import fc from "fast-check";
import { readOnnxFile } from "./onnx-file.ts";
import { bytesField, node, numberField, onnxModel, tensor, textField } from "./onnx-writer.test-kit.ts";

const graph = {
  nodes: [node("Add", ["images", "bias"], { to: "output0" })],
  tensors: [tensor("bias", [2], Float32Array.of(1, 2))],
  inputs: [
    { name: "images", dims: ["batch", 3, "height", 640] },
    { name: "bias", dims: [2] },
  ],
  outputs: [{ name: "output0", dims: ["batch", 84, 8400], type: "float16" }],
  metadata: { names: "{0: 'Fußgänger'}", stride: "32" },
} as const;

test("inputs, outputs, opset and metadata are read, weights are not taken for inputs", () => {
  assert.deepEqual(readOnnxFile(onnxModel(graph), "m.onnx"), {
    producer: "by hand",
    opset: 17,
    inputs: [{ name: "images", type: "float32", dims: ["batch", 3, "height", 640] }],
    outputs: [{ name: "output0", type: "float16", dims: ["batch", 84, 8400] }],
    metadata: new Map([
      ["names", "{0: 'Fußgänger'}"],
      ["stride", "32"],
    ]),
  });
});

test("sizes of -1 and 0 are open ones, and a value may have no shape at all", () => {
  const shape = bytesField(2, Buffer.concat([bytesField(1, numberField(1, -1)), bytesField(1, numberField(1, 0)), bytesField(1, new Uint8Array(0))]));
  const shaped = Buffer.concat([textField(1, "a"), bytesField(2, bytesField(1, Buffer.concat([numberField(1, 16), shape])))]);
  const bare = Buffer.concat([textField(1, "b"), bytesField(2, bytesField(1, numberField(1, 7)))]);
  const model = readOnnxFile(bytesField(7, Buffer.concat([bytesField(12, shaped), bytesField(12, bare)])), "m.onnx");
  assert.deepEqual(model.outputs, [
    { name: "a", type: "type 16", dims: ["?", "?", "?"] },
    { name: "b", type: "int64", dims: undefined },
  ]);
});

const others: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
  ["an empty file", "", /m\.onnx is empty/],
  ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", /Git LFS pointer.*git lfs pull/],
  ["a checkpoint of PyTorch", "PK\u0003\u0004rest", /zip archive.*Export the model to ONNX/],
  ["a web page", "\n<!DOCTYPE html><html>", /web page/],
  ["a text", "the quick brown fox", /not an ONNX model, or is cut off/],
  ["a model without a graph", textField(2, "nobody"), /no graph is in it/],
  ["a graph without an output", bytesField(7, textField(2, "g")), /has no output/],
];
for (const [title, content, message] of others) {
  test(`${title} is refused by what it is`, () => {
    assert.throws(() => readOnnxFile(Buffer.from(content), "m.onnx"), { code: "MODEL_INVALID", message });
  });
}

test("wherever a file is cut off, it is refused or still tells the truth", () => {
  const whole = onnxModel(graph);
  let refused = 0;
  for (let length = 0; length < whole.length; length++) {
    try {
      assert.equal(readOnnxFile(whole.subarray(0, length), "m.onnx").outputs[0]!.name, "output0");
    } catch (error) {
      assert.ok(error instanceof InferometerError && error.code === "MODEL_INVALID", String(error));
      refused++;
    }
  }
  assert.ok(refused > 0.9 * whole.length - 100, `${refused} of ${whole.length}`);
});

test("no bytes do worse than be refused", () => {
  const whole = onnxModel(graph);
  const flipped = fc
    .tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    .map(([at, by]) => whole.map((byte, i) => (i === at ? byte ^ by : byte)));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), flipped), (bytes) => {
      try {
        assert.ok(readOnnxFile(bytes, "m.onnx").outputs.length > 0);
      } catch (error) {
        assert.ok(error instanceof InferometerError && error.code === "MODEL_INVALID", String(error));
      }
    }),
    { numRuns: 1000 },
  );
});
