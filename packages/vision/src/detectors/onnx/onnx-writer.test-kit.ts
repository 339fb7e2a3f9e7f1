// Writes small ONNX models for tests: graphs designed by hand, with no trained weight in them.
import { Buffer } from "node:buffer";

type Dims = readonly (number | string)[];
export type ElementType = "float32" | "uint8" | "int32" | "int64" | "float16";
type Attribute = number | readonly number[] | string;
type Data = Float32Array | Uint8Array | Int32Array | BigInt64Array | Uint16Array;

export interface Value {
  readonly name: string;
  readonly dims: Dims;
  readonly type?: ElementType;
}

/** A graph in pieces: what `node` and `tensor` made, and the values at its ends. */
export interface Graph {
  readonly nodes: readonly Uint8Array[];
  readonly tensors?: readonly Uint8Array[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly metadata?: Readonly<Record<string, string>>;
}

const TYPE_NUMBERS: Readonly<Record<ElementType, number>> = { float32: 1, uint8: 2, int32: 6, int64: 7, float16: 10 };
const OPSET = 17;

function varint(value: number | bigint): Uint8Array {
  const digits: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) digits.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...digits, Number(rest)]);
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));
const key = (field: number, kind: number): Uint8Array => varint(field * 8 + kind);
export const numberField = (field: number, value: number | bigint): Uint8Array => joined(key(field, 0), varint(value));
export const bytesField = (field: number, content: Uint8Array): Uint8Array => joined(key(field, 2), varint(content.length), content);
export const textField = (field: number, content: string): Uint8Array => bytesField(field, Buffer.from(content));

function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "string") return joined(textField(1, name), textField(4, value), numberField(20, 3));
  if (typeof value === "number") return joined(textField(1, name), numberField(3, value), numberField(20, 2));
  return joined(textField(1, name), ...value.map((one) => numberField(8, one)), numberField(20, 7));
}

/** One operator: `node("Add", ["a", "b"], { to: "sum" })`. Attributes are whole numbers, lists of them, or strings. */
export function node(
  operator: string,
  from: readonly string[],
  options: { to: string; attributes?: Readonly<Record<string, Attribute>> },
): Uint8Array {
  const { to, attributes = {} } = options;
  return joined(
    ...from.map((name) => textField(1, name)),
    textField(2, to),
    textField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
  );
}

function typeOf(data: Data): ElementType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint16Array ? "float16" : "uint8";
}

/** A constant of the graph. Uint16Array holds float16. */
export function tensor(name: string, dims: readonly number[], data: Data): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return joined(...dims.map((size) => numberField(1, size)), numberField(2, TYPE_NUMBERS[typeOf(data)]), textField(8, name), bytesField(9, raw));
}

function valueInfo({ name, dims, type = "float32" }: Value): Uint8Array {
  const shape = joined(...dims.map((size) => bytesField(1, typeof size === "number" ? numberField(1, size) : textField(2, size))));
  const tensorType = joined(numberField(1, TYPE_NUMBERS[type]), bytesField(2, shape));
  return joined(textField(1, name), bytesField(2, bytesField(1, tensorType)));
}

/** The bytes of a model's file. */
export function onnxModel({ nodes, tensors = [], inputs, outputs, metadata = {} }: Graph): Uint8Array {
  const graph = joined(
    ...nodes.map((one) => bytesField(1, one)),
    textField(2, "graph"),
    ...tensors.map((one) => bytesField(5, one)),
    ...inputs.map((value) => bytesField(11, valueInfo(value))),
    ...outputs.map((value) => bytesField(12, valueInfo(value))),
  );
  return joined(
    numberField(1, 8),
    textField(2, "by hand"),
    bytesField(7, graph),
    bytesField(8, joined(textField(1, ""), numberField(2, OPSET))),
    ...Object.entries(metadata).map(([name, value]) => bytesField(14, joined(textField(1, name), textField(2, value)))),
  );
}
