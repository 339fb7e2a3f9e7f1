// Models for tests that answer the same whatever they see, and a folder to keep them in.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Detection, Frame } from "../../types.ts";
import { node, onnxModel, tensor, type Value } from "./onnx-writer.test-kit.ts";

/** A file in a folder that goes away after the test. */
export function written(t: TestContext, content: Uint8Array | string, name: string = "model.onnx"): string {
  const folder = mkdtempSync(join(tmpdir(), "inferometer-onnx-"));
  t.after(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

export interface Answer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array | Uint16Array;
}

export const INPUT: Value = { name: "images", dims: [1, 3, 64, 64] };

/** A model whose outputs are constants. */
export function constantModel(
  answers: readonly Answer[],
  { inputs = [INPUT], metadata = {} }: { readonly inputs?: readonly Value[]; readonly metadata?: Readonly<Record<string, string>> } = {},
): Uint8Array {
  return onnxModel({
    nodes: answers.map(({ name }) => node("Identity", [`${name}.value`], { to: name })),
    tensors: answers.map(({ name, dims, data }) => tensor(`${name}.value`, dims, data)),
    inputs,
    outputs: answers.map(({ name, dims, data }) => ({
      name,
      dims,
      type: data instanceof Float32Array ? "float32" : data instanceof BigInt64Array ? "int64" : "float16",
    })),
    metadata,
  });
}

/** A frame of one colour, 128 x 64 unless said otherwise. */
export function frame(options: { readonly width?: number; readonly height?: number; readonly colour?: readonly number[] } = {}): Frame {
  const { width = 128, height = 64, colour = [0, 0, 0] } = options;
  const data = Uint8Array.from({ length: width * height * colour.length }, (_, at) => colour[at % colour.length]!);
  return { data, width, height, pixelFormat: colour.length === 3 ? "rgb24" : "gray8", index: 0, timestampSeconds: 0 };
}

/** Without the last digits of single precision. */
export function rounded(detections: readonly Detection[]): Detection[] {
  const round = (value: number): number => Math.round(value * 1e4) / 1e4;
  return detections.map(({ box, label, confidence }) => ({
    box: { x: round(box.x), y: round(box.y), width: round(box.width), height: round(box.height) },
    label,
    confidence: round(confidence),
  }));
}

/** Rows of numbers, one after the other, with zeros behind up to `count` rows. */
export function rows(count: number, width: number, values: Readonly<Record<number, readonly number[]>>): Float32Array {
  const data = new Float32Array(count * width);
  for (const [row, line] of Object.entries(values)) data.set(line, Number(row) * width);
  return data;
}

/** Rows become columns. */
export function turned(data: Float32Array, width: number): Float32Array {
  const count = data.length / width;
  return Float32Array.from(data, (_, at) => data[(at % count) * width + Math.floor(at / count)]!);
}
