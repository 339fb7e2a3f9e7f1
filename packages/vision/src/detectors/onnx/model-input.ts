import { InferometerError } from "@inferometer/metrics";
import { emptyPixels, type PictureInput } from "./letterbox.ts";
import type { OnnxOptions } from "./onnx-detector.ts";
import type { OnnxModel, OnnxValue } from "./onnx-file.ts";
import type { Pixels } from "./resizer.ts";

/** An input beside the picture, which stays the same. */
export interface ExtraInput {
  readonly name: string;
  readonly data: BigInt64Array | Float32Array;
  readonly dims: readonly number[];
}

/** What a model is fed with. */
export interface ModelInput {
  readonly name: string;
  readonly picture: PictureInput;
  readonly batchSize: number;
  readonly dims: readonly number[];
  /** Whether the model leaves its size to us. */
  readonly open: boolean;
  readonly extras: readonly ExtraInput[];
  readonly outputNames: readonly string[];
  emptyPixels(): Pixels;
}

/** Finds the picture among a model's inputs and fills in what the model leaves open. Throws MODEL_INVALID and OPTION_INVALID. */
export function planInput(model: OnnxModel, options: OnnxOptions): ModelInput {
  const value = model.inputs.find(({ dims }) => dims?.length === 4);
  if (value === undefined) throw invalid(options, `has no picture among its inputs: ${listed(model.inputs)}. One of four dimensions is needed`);
  const dims = value.dims!;
  const order = dims[1] === 3 || dims[3] !== 3 ? "nchw" : "nhwc";
  const channels = order === "nchw" ? dims[1]! : dims[3]!;
  if (channels !== 3 && typeof channels === "number") throw invalid(options, `takes ${listed([value])}; a picture with 3 channels is needed`);
  const [high, wide] = order === "nchw" ? [dims[2]!, dims[3]!] : [dims[1]!, dims[2]!];
  const picture = { ...sizeFor([high, wide], { model, options }), order, type: typeFor(value, options) } as const;
  const batchSize = batchFor(dims[0]!, options);
  const { width, height } = picture;
  return {
    name: value.name,
    picture,
    batchSize,
    dims: order === "nchw" ? [batchSize, 3, height, width] : [batchSize, height, width, 3],
    open: typeof wide === "string" || typeof high === "string",
    extras: model.inputs.filter((one) => one !== value).map((one) => extra(one, { picture, batchSize, options })),
    outputNames: model.outputs.map(({ name }) => name),
    emptyPixels: () => emptyPixels(picture.type, batchSize * 3 * width * height),
  };
}

function typeFor(value: OnnxValue, options: OnnxOptions): PictureInput["type"] {
  const { type } = value;
  if (type === "float32" || type === "float16" || type === "uint8") return type;
  throw invalid(options, `takes ${listed([value])}; float32, float16 and uint8 are known`);
}

function batchFor(declared: number | string, options: OnnxOptions): number {
  const { batchSize } = options;
  if (typeof declared === "string") return batchSize ?? 1;
  if (batchSize === undefined || batchSize === declared) return declared;
  throw new InferometerError("OPTION_INVALID", `batchSize is ${batchSize}, but ${options.model} takes ${declared} at once. Leave it out.`);
}

const DEFAULT_SIZE = 640;

function sizeFor(declared: readonly [number | string, number | string], from: { model: OnnxModel; options: OnnxOptions }): Size {
  const { model, options } = from;
  const asked = typeof options.inputSize === "number" ? { width: options.inputSize, height: options.inputSize } : options.inputSize;
  const [noted = DEFAULT_SIZE, notedWidth = noted] = (model.metadata.get("imgsz")?.match(/\d+/g) ?? []).map(Number).filter((size) => size > 0);
  const [high, wide] = declared;
  const height = typeof high === "number" ? high : (asked?.height ?? noted);
  const width = typeof wide === "number" ? wide : (asked?.width ?? notedWidth);
  if (asked !== undefined && (asked.width !== width || asked.height !== height)) {
    const own = `${options.model} takes ${width} x ${height} pixels and no other size. Leave it out.`;
    throw new InferometerError("OPTION_INVALID", `inputSize is ${asked.width} x ${asked.height}, but ${own}`);
  }
  const stride = Number(model.metadata.get("stride") ?? 1);
  for (const side of [width, height]) {
    if (!(stride > 1) || side % stride === 0) continue;
    const next = Math.ceil(side / stride) * stride;
    throw new InferometerError("OPTION_INVALID", `inputSize has a side of ${side}, no multiple of the model's stride ${stride}. Give ${next}.`);
  }
  return { width, height };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The two other inputs that detectors are known to have. */
function extra(value: OnnxValue, { picture, batchSize, options }: { picture: Size; batchSize: number; options: OnnxOptions }): ExtraInput {
  const { name, type, dims } = value;
  if (type !== "int64" && type !== "float32") throw invalid(options, `wants the input ${listed([value])} too, which is not known`);
  const typed = (numbers: readonly number[]): ExtraInput["data"] =>
    type === "int64" ? BigInt64Array.from(numbers, BigInt) : Float32Array.from(numbers);
  if (name === "orig_target_sizes" || name === "target_sizes") {
    // Not the frame's size but the input's: so boxes come in the same pixels as those of all other models.
    const sizes = Array.from({ length: batchSize }, () => [picture.width, picture.height]).flat();
    return { name, data: typed(sizes), dims: [batchSize, 2] };
  }
  if (name === "pixel_mask" && dims?.length === 3) {
    const [, high, wide] = dims;
    const rows = typeof high === "number" ? high : picture.height;
    const columns = typeof wide === "number" ? wide : picture.width;
    return { name, data: typed(new Array(batchSize * rows * columns).fill(1)), dims: [batchSize, rows, columns] };
  }
  throw invalid(options, `wants the input ${listed([value])} too, which is not known`);
}

const listed = (values: readonly OnnxValue[]): string =>
  values.map(({ name, type, dims }) => `${name} (${type}${dims === undefined ? "" : ` [${dims.join(", ")}]`})`).join(", ") || "none";

function invalid({ model }: OnnxOptions, what: string): InferometerError {
  return new InferometerError("MODEL_INVALID", `${model} ${what}.`);
}
