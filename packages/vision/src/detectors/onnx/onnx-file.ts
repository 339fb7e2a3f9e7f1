import { InferometerError } from "@inferometer/metrics";

/** An input or output as the model's file declares it. */
export interface OnnxValue {
  readonly name: string;
  /** "float32", "float16", "uint8", "int64" …; "type 16" for what no detector uses. */
  readonly type: string;
  /** A string where the size is open until a picture is given: its name, or "?". Undefined where even the rank is open. */
  readonly dims: readonly (number | string)[] | undefined;
}

/** What an ONNX file says of itself, without its weights. */
export interface OnnxModel {
  readonly producer: string;
  /** Version of the standard operators. 0 where the file names none. */
  readonly opset: number;
  /** What has to be fed: inputs that the file itself gives a value are left out. */
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  /** Whatever the exporter left: Ultralytics writes `names`, `stride`, `imgsz`, `task`. */
  readonly metadata: ReadonlyMap<string, string>;
}

// Field numbers of onnx.proto3 (ONNX IR). Whatever else stands there is stepped over, the weights by one addition.
const MODEL = { producer: 2, graph: 7, opset: 8, metadata: 14 };
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 };
const TENSOR_NAME = 8;
const TYPES: Readonly<Record<number, string>> = {
  ...{ 1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "string", 9: "bool" },
  ...{ 10: "float16", 11: "float64", 12: "uint32", 13: "uint64" },
};

/**
 * Reads what an ONNX model is about from the bytes of its file. onnxruntime-node tells names and shapes too, but neither the metadata, where
 * the labels are, nor what is wrong with a file that it cannot read. Throws MODEL_INVALID, with `path` in the message.
 *
 * @example
 * readOnnxFile(await readFile("yolo11n.onnx"), "yolo11n.onnx").metadata.get("names"); // "{0: 'person', 1: 'bicycle', …}"
 */
export function readOnnxFile(bytes: Uint8Array, path: string): OnnxModel {
  const strange = otherThanOnnx(bytes);
  if (strange !== undefined) throw new InferometerError("MODEL_INVALID", `${path} ${strange}`);
  try {
    return readModel(bytes);
  } catch (cause) {
    if (!(cause instanceof Malformed)) throw cause;
    throw new InferometerError("MODEL_INVALID", `${path} is not an ONNX model, or is cut off: ${cause.message}. Export or download it again.`, {
      cause,
    });
  }
}

/** The mistakes that happen, by the first bytes. */
function otherThanOnnx(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 64));
  if (bytes.length === 0) return "is empty. Export or download it again.";
  if (start.startsWith("version https://git-lfs")) return 'is a Git LFS pointer, not the model itself. Run "git lfs pull".';
  if (start.startsWith("PK\u0003\u0004")) return "is a zip archive, as PyTorch's .pt files are. Export the model to ONNX first.";
  if (/^\s*<(!doctype|html)/i.test(start)) return "is a web page, not a model. Download it again.";
  return undefined;
}

class Malformed extends Error {}

interface Field {
  readonly number: number;
  /** Of a varint field; 0 otherwise. */
  readonly value: number;
  /** The content of a field with a length; empty otherwise. */
  readonly content: Uint8Array;
}

const NOTHING = new Uint8Array(0);
const utf8 = new TextDecoder();

/** The fields of one protobuf message. */
function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  const place = { at: 0 };
  while (place.at < bytes.length) {
    const start = place.at;
    const key = varint(bytes, place);
    const number = Math.floor(key / 8);
    if (number === 0) throw new Malformed(`no field can have the number 0 (byte ${start})`);
    switch (key % 8) {
      case 0:
        yield { number, value: varint(bytes, place), content: NOTHING };
        break;
      case 1:
        step(bytes, place, 8);
        yield { number, value: 0, content: NOTHING };
        break;
      case 2: {
        const length = varint(bytes, place);
        const from = place.at;
        step(bytes, place, length);
        yield { number, value: 0, content: bytes.subarray(from, place.at) };
        break;
      }
      case 5:
        step(bytes, place, 4);
        yield { number, value: 0, content: NOTHING };
        break;
      default:
        throw new Malformed(`field ${number} has a kind that protobuf does not have (byte ${start})`);
    }
  }
}

function step(bytes: Uint8Array, place: { at: number }, length: number): void {
  if (length > bytes.length - place.at) throw new Malformed(`${length} bytes should follow byte ${place.at}, ${bytes.length - place.at} do`);
  place.at += length;
}

/** At most ten bytes; above 2^53 the last digits are lost, which no size in a model reaches. */
function varint(bytes: Uint8Array, place: { at: number }): number {
  let value = 0;
  for (let digit = 0; digit < 10; digit++) {
    const byte = bytes[place.at++];
    if (byte === undefined) throw new Malformed("it ends within a number");
    value += (byte & 127) * 2 ** (7 * digit);
    if (byte < 128) return value;
  }
  throw new Malformed(`a number of more than ten bytes (byte ${place.at - 10})`);
}

function readModel(bytes: Uint8Array): OnnxModel {
  let producer = "";
  let opset = 0;
  let graph: Uint8Array | undefined;
  const metadata = new Map<string, string>();
  for (const { number, content } of fieldsOf(bytes)) {
    if (number === MODEL.producer) producer = utf8.decode(content);
    else if (number === MODEL.graph) graph = content;
    else if (number === MODEL.metadata) metadata.set(text(content, 1), text(content, 2));
    else if (number === MODEL.opset && ["", "ai.onnx"].includes(text(content, 1))) opset = numberIn(content, 2) ?? 0;
  }
  if (graph === undefined) throw new Malformed("no graph is in it");
  const found = readGraph(graph);
  if (found.outputs.length === 0) throw new Malformed("its graph has no output");
  return { producer, opset, ...found, metadata };
}

function readGraph(graph: Uint8Array): Pick<OnnxModel, "inputs" | "outputs"> {
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  const given = new Set<string>();
  for (const { number, content } of fieldsOf(graph)) {
    if (number === GRAPH.input) inputs.push(readValue(content));
    else if (number === GRAPH.output) outputs.push(readValue(content));
    else if (number === GRAPH.initializer) given.add(text(content, TENSOR_NAME));
  }
  // Until IR version 3 the weights were listed among the inputs too.
  return { inputs: inputs.filter(({ name }) => !given.has(name)), outputs };
}

/** ValueInfoProto { name = 1, type = 2 { tensor_type = 1 { elem_type = 1, shape = 2 { dim = 1 { dim_value = 1, dim_param = 2 } } } } } */
function readValue(value: Uint8Array): OnnxValue {
  const tensor = within(within(value, 2) ?? NOTHING, 1) ?? NOTHING;
  const type = numberIn(tensor, 1) ?? 0;
  const shape = within(tensor, 2);
  const dims = shape && [...fieldsOf(shape)].filter(({ number }) => number === 1).map(({ content }) => readDim(content));
  return { name: text(value, 1), type: TYPES[type] ?? `type ${type}`, dims };
}

function readDim(dim: Uint8Array): number | string {
  const size = numberIn(dim, 1);
  // Some exporters write -1, which is more than 2^53 as a varint, or 0, for "open".
  return size !== undefined && size > 0 && size <= Number.MAX_SAFE_INTEGER ? size : text(dim, 2) || "?";
}

function within(message: Uint8Array, wanted: number): Uint8Array | undefined {
  for (const { number, content } of fieldsOf(message)) if (number === wanted) return content;
  return undefined;
}

function numberIn(message: Uint8Array, wanted: number): number | undefined {
  for (const { number, value } of fieldsOf(message)) if (number === wanted) return value;
  return undefined;
}

const text = (message: Uint8Array, wanted: number): string => utf8.decode(within(message, wanted) ?? NOTHING);
