// The least of an ONNX file: one picture goes in, and a constant comes out whatever it shows.
import { Buffer } from "node:buffer";

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];
}

const number = (field: number, value: number): Buffer => Buffer.from([...varint(field * 8), ...varint(value)]);
const part = (field: number, content: Buffer | string): Buffer =>
  Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(Buffer.byteLength(content))]), Buffer.from(content)]);
const joined = (...parts: readonly Buffer[]): Buffer => Buffer.concat(parts);

const FLOAT = 1;

function value(name: string, dims: readonly number[]): Buffer {
  const shape = joined(...dims.map((size) => part(1, number(1, size))));
  return joined(part(1, name), part(2, part(1, joined(number(1, FLOAT), part(2, shape)))));
}

/** A model for pictures of 64 x 64 that answers zeros of the given shape; field numbers as in onnx.proto. */
export function zerosModel(dims: readonly number[]): Uint8Array {
  const zeros = Buffer.alloc(4 * dims.reduce((product, size) => product * size, 1));
  const tensor = joined(...dims.map((size) => number(1, size)), number(2, FLOAT), part(8, "zeros"), part(9, zeros));
  const node = joined(part(1, "zeros"), part(2, "output0"), part(4, "Identity"));
  const ends = joined(part(11, value("images", [1, 3, 64, 64])), part(12, value("output0", dims)));
  const graph = joined(part(1, node), part(2, "graph"), part(5, tensor), ends);
  return joined(number(1, 8), part(7, graph), part(8, joined(part(1, ""), number(2, 17))));
}
