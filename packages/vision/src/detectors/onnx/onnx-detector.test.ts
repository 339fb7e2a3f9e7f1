import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import type { DetectorStage, Frame } from "../../types.ts";
import { constantModel, frame, INPUT, rounded, rows, turned, written } from "./models.test-kit.ts";
import { OnnxDetector, type OnnxOptions } from "./onnx-detector.ts";
import { loadRuntime, type OnnxRuntime, type RuntimeSession, type RuntimeTensor } from "./onnx-runtime.ts";
import { node, onnxModel, tensor, type Value } from "./onnx-writer.test-kit.ts";

/** Says "class 0, sure by the mean of the picture's first channel" in a box of 8 x 8 around (32, 32): an answer that depends on the frame. */
function meanModel(input: Value, { metadata = {} }: { metadata?: Readonly<Record<string, string>> } = {}): Uint8Array {
  const batch = input.dims[0]!;
  const pixelwise = input.dims.at(-1) === 3;
  return onnxModel({
    nodes: [
      node("Cast", [input.name], { to: "input", attributes: { to: 1 } }),
      node("ReduceMean", ["input"], { to: "means", attributes: { axes: pixelwise ? [1, 2] : [2, 3], keepdims: 0 } }),
      node("Slice", ["means", "zero", "one", "axis"], { to: "first" }),
      node("Unsqueeze", ["first", "axis"], { to: "score" }),
      node("Shape", ["first"], { to: "shape" }),
      node("Slice", ["shape", "zero", "one"], { to: "count" }),
      node("Concat", ["count", "rest"], { to: "sizes", attributes: { axis: 0 } }),
      node("Expand", ["box", "sizes"], { to: "boxes" }),
      node("Mul", ["score", "nothing"], { to: "class" }),
      node("Concat", ["boxes", "score", "class"], { to: "output0", attributes: { axis: 2 } }),
    ],
    tensors: [
      tensor("zero", [1], BigInt64Array.of(0n)),
      tensor("one", [1], BigInt64Array.of(1n)),
      tensor("axis", [1], BigInt64Array.of(1n)),
      tensor("rest", [2], BigInt64Array.of(1n, 4n)),
      tensor("box", [1, 1, 4], Float32Array.of(28, 28, 36, 36)),
      tensor("nothing", [1], Float32Array.of(0)),
    ],
    inputs: [input],
    outputs: [{ name: "output0", dims: [batch, 1, 6] }],
    metadata,
  });
}

function opened(t: TestContext, model: Uint8Array, options: Partial<OnnxOptions> = {}): OnnxDetector {
  const detector = new OnnxDetector({ model: written(t, model), confidence: 0.01, ...options });
  t.after(() => detector.close());
  return detector;
}

const red = (level: number, size: { width?: number; height?: number } = {}): Frame =>
  frame({ width: 64, height: 64, ...size, colour: [level, 0, 0] });
const confidences = async (detector: OnnxDetector, frames: readonly Frame[]): Promise<number[]> =>
  (await detector.detectBatch(frames)).map((found) => rounded(found)[0]!.confidence);

for (const [title, input] of [
  ["planes of float32", { name: "images", dims: [1, 3, 64, 64] }],
  ["planes of float16", { name: "images", dims: [1, 3, 64, 64], type: "float16" }],
  ["float32 pixel by pixel", { name: "images", dims: [1, 64, 64, 3] }],
] as const satisfies readonly (readonly [string, Value])[]) {
  test(`a model that takes ${title} sees the frame`, async (t) => {
    const [seen] = await opened(t, meanModel(input)).detect(red(51));
    assert.ok(Math.abs(seen!.confidence - 0.2) < 1e-3, String(seen!.confidence));
    assert.deepEqual(seen!.box, { x: 28, y: 28, width: 8, height: 8 });
    assert.equal(seen!.label, "class-0");
  });
}

test("bytes go in as they are", async (t) => {
  const detector = opened(t, meanModel({ name: "images", dims: [1, 64, 64, 3], type: "uint8" }));
  assert.deepEqual(await confidences(detector, [red(1)]), [1]);
});

test("what a layout's models usually want can be set otherwise", async (t) => {
  const detector = opened(t, meanModel(INPUT), { preparation: { range: 255, mean: [1, 0, 0], std: [4, 1, 1], padding: 0 } });
  assert.deepEqual(await confidences(detector, [red(3)]), [0.5]);
});

test("sizes that are left open come from the option, the metadata, or are 640", async (t) => {
  const open: Value = { name: "images", dims: ["n", 3, "height", "width"] };
  for (const [metadata, options, width] of [
    [{}, {}, 640],
    [{ imgsz: "[320, 416]" }, {}, 416],
    [{ imgsz: "[320, 416]", stride: "32" }, { inputSize: 96 }, 96],
    [{}, { inputSize: { width: 128, height: 64 } }, 128],
  ] as const) {
    const [seen] = await opened(t, meanModel(open, { metadata }), { ...options, preparation: { fit: "stretch" } }).detect(red(255));
    assert.equal(Math.round((8 / seen!.box.width) * 64), width);
  }
});

test("a batch of frames of several sizes is answered in order, and more than fit are cut", async (t) => {
  const levels = [255, 51, 102, 204, 153];
  const frames = levels.map((level, at) => red(level, { width: 64 + at, height: 64 + at }));
  const expected = [1, 0.2, 0.4, 0.8, 0.6];
  const fixed = opened(t, meanModel({ name: "images", dims: [2, 3, 64, 64] }));
  assert.deepEqual(await confidences(fixed, frames), expected);
  assert.equal(fixed.batchSize, 2);
  const chosen = opened(t, meanModel({ name: "images", dims: ["n", 3, 64, 64] }), { batchSize: 3 });
  assert.deepEqual(await confidences(chosen, frames), expected);
  assert.equal(chosen.batchSize, 3);
  assert.deepEqual(await chosen.detectBatch([]), []);
});

test("frames that are handed over before the last one is answered take turns", async (t) => {
  const detector = opened(t, meanModel(INPUT));
  const answers = await Promise.all([51, 102, 153, 204].map((level) => detector.detect(red(level))));
  assert.deepEqual(
    answers.map((found) => rounded(found)[0]!.confidence),
    [0.2, 0.4, 0.6, 0.8],
  );
});

test("after close the model is loaded again when a frame comes", async (t) => {
  const detector = opened(t, meanModel(INPUT));
  await detector.open();
  await detector.close();
  assert.equal(detector.layout, undefined);
  assert.equal((await detector.detect(red(255))).length, 1);
});

test("grey frames are seen in all channels", async (t) => {
  const grey = { ...frame({ width: 64, height: 64, colour: [51] }), pixelFormat: "gray8" as const };
  assert.deepEqual(await confidences(opened(t, meanModel(INPUT)), [grey]), [0.2]);
});

test("stages are marked in their order", async (t) => {
  const stages: DetectorStage[] = [];
  await opened(t, meanModel(INPUT)).detect(red(9), { mark: (stage) => stages.push(stage) });
  assert.deepEqual(stages, ["preprocess", "inference", "postprocess"]);
});

test("of a thousand boxes on one place one stays, and no more are reported than wanted", async (t) => {
  const crowd = rows(84, 6, Object.fromEntries(Array.from({ length: 84 }, (_, at) => [at, [32, 32, 16, 16, 0.3 + at / 1000, 0.2]])));
  const row = rows(84, 6, Object.fromEntries(Array.from({ length: 60 }, (_, at) => [at, [at + 2, 32, 1, 1, 0.3 + at / 1000, 0.2]])));
  const model = (data: Float32Array): Uint8Array => constantModel([{ name: "output0", dims: [1, 6, 84], data: turned(data, 6) }]);
  const [only, ...rest] = rounded(await opened(t, model(crowd)).detect(frame()));
  assert.deepEqual([only!.confidence, rest.length], [0.383, 0]);
  const some = rounded(await opened(t, model(row), { most: 5 }).detect(frame()));
  assert.deepEqual(
    some.map(({ confidence }) => confidence),
    [0.359, 0.358, 0.357, 0.356, 0.355],
  );
  const joined = await opened(t, model(rows(84, 6, { 0: [20, 32, 16, 16, 0.9, 0], 1: [24, 32, 16, 16, 0.8, 0] })), { iou: 0.7 }).detect(frame());
  assert.equal(joined.length, 2, "an overlap of 0.6 is less than 0.7");
});

test("labels come from the metadata, and those of the user go first", async (t) => {
  const model = constantModel([{ name: "output0", dims: [1, 6, 84], data: turned(rows(84, 6, { 0: [32, 32, 8, 8, 0.9, 0] }), 6) }], {
    metadata: { names: "{0: 'cat', 1: 'dog'}" },
  });
  assert.equal((await opened(t, model).detect(frame()))[0]!.label, "cat");
  assert.equal((await opened(t, model, { labels: written(t, "tom\nrex\n", "labels.txt") }).detect(frame()))[0]!.label, "tom");
});

test("labels that do not fit are counted in the message", async (t) => {
  const model = constantModel([{ name: "output0", dims: [1, 6, 84], data: new Float32Array(504) }]);
  await assert.rejects(opened(t, model, { labels: ["a", "b", "c"] }).open(), {
    code: "MODEL_INVALID",
    message: /tells 2 classes apart, the labels given has 3/,
  });
  const queries = constantModel([
    { name: "dets", dims: [1, 2, 4], data: new Float32Array(8) },
    { name: "labels", dims: [1, 2, 91], data: new Float32Array(182) },
  ]);
  const labels = written(t, "a\n".repeat(80), "coco.txt");
  await assert.rejects(opened(t, queries, { labels }).open(), {
    code: "MODEL_INVALID",
    message: /tells 91 or 90 classes apart, .*coco\.txt has 80 labels/,
  });
});

const faults: readonly (readonly [string, Uint8Array, Partial<OnnxOptions>, string, RegExp])[] = [
  ["no picture among its inputs", meanModel({ name: "x", dims: [3, 3] }), {}, "MODEL_INVALID", /no picture among its inputs: x \(float32 \[3, 3\]\)/],
  ["one channel", meanModel({ name: "x", dims: [1, 1, 8, 8] }), {}, "MODEL_INVALID", /takes x \(float32 \[1, 1, 8, 8\]\); a picture with 3 channels/],
  [
    "whole numbers for pixels",
    meanModel({ name: "x", dims: [1, 3, 8, 8], type: "int32" }),
    {},
    "MODEL_INVALID",
    /float32, float16 and uint8 are known/,
  ],
  [
    "an input that nobody knows",
    constantModel([{ name: "o", dims: [1, 6], data: new Float32Array(6) }], { inputs: [INPUT, { name: "prompt", dims: [1, 77], type: "int64" }] }),
    ...([{}, "MODEL_INVALID", /wants the input prompt \(int64 \[1, 77\]\) too/] as const),
  ],
  [
    "an operator that nobody has",
    onnxModel({ nodes: [node("Foo", ["images"], { to: "o" })], inputs: [INPUT], outputs: [{ name: "o", dims: [1] }] }),
    {},
    "MODEL_INVALID",
    /onnxruntime cannot load .*Foo/,
  ],
  ["a size of its own", meanModel(INPUT), { inputSize: 640 }, "OPTION_INVALID", /takes 64 x 64 pixels and no other size/],
  ["a batch of its own", meanModel(INPUT), { batchSize: 2 }, "OPTION_INVALID", /takes 1 at once/],
  [
    "a stride",
    meanModel({ name: "images", dims: [1, 3, "h", "w"] }, { metadata: { stride: "32" } }),
    ...([{ inputSize: 100 }, "OPTION_INVALID", /side of 100, no multiple of the model's stride 32\. Give 128/] as const),
  ],
];
for (const [title, model, options, code, message] of faults) {
  test(`a model with ${title} says so before the first frame`, async (t) => {
    await assert.rejects(opened(t, model, options).open(), { code, message });
  });
}

test("a model that is not there, and one that is no model, are named", async (t) => {
  await assert.rejects(new OnnxDetector({ model: "/nowhere/m.onnx" }).open(), {
    code: "MODEL_INVALID",
    message: /\/nowhere\/m\.onnx cannot be read: ENOENT/,
  });
  await assert.rejects(opened(t, Buffer.from("hello, I am a text")).open(), { code: "MODEL_INVALID", message: /is not an ONNX model/ });
});

test("without onnxruntime-node the message has the command that installs it", async () => {
  const missing = Object.assign(new Error("Cannot find package 'onnxruntime-node' imported from x"), { code: "ERR_MODULE_NOT_FOUND" });
  await assert.rejects(
    loadRuntime(() => Promise.reject(missing)),
    { code: "PACKAGE_MISSING", message: /which is not installed\. Run: npm install onnxruntime-node\..*ONNXRUNTIME_NODE_INSTALL=skip/ },
  );
  await assert.rejects(
    loadRuntime(() => Promise.reject(new Error("libonnxruntime.so.1: cannot open"))),
    { code: "PACKAGE_MISSING", message: /cannot be loaded: libonnxruntime/ },
  );
});

test("where there is no CUDA the CPU does it: noted if CUDA was asked for, silent for auto", async (t) => {
  for (const [device, count] of [
    ["cuda", 1],
    ["auto", 0],
    ["cpu", 0],
  ] as const) {
    const detector = opened(t, meanModel(INPUT), { device, runtime: withoutCuda(await loadRuntime()) });
    assert.deepEqual(await confidences(detector, [red(51)]), [0.2]);
    assert.equal(detector.device, "cpu");
    assert.deepEqual(detector.fallbacks, Array(count).fill({ from: "cuda", to: "cpu", message: "no such library" }));
  }
});

/** A machine without CUDA, wherever the test runs. */
function withoutCuda({ Tensor, InferenceSession }: OnnxRuntime): OnnxRuntime {
  return {
    Tensor,
    InferenceSession: {
      create: async (path, options) => {
        if (options.executionProviders[0] === "cuda") throw new Error("no such library");
        return InferenceSession.create(path, options);
      },
    },
  };
}

/** A runtime whose CUDA sessions fail from their `failing`th run on. */
function frailCuda({ Tensor, InferenceSession }: OnnxRuntime, failing: number): { runtime: OnnxRuntime; released: () => number } {
  let released = 0;
  const create = async (path: string, options: { executionProviders: readonly string[] }): Promise<RuntimeSession> => {
    const cuda = options.executionProviders[0] === "cuda";
    const session = await InferenceSession.create(path, {
      ...options,
      executionProviders: ["cpu"],
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    let runs = 0;
    return {
      run: async (feeds: Readonly<Record<string, RuntimeTensor>>) => {
        if (cuda && ++runs >= failing) throw new Error("CUDA failure 2: out of memory");
        return session.run(feeds);
      },
      release: async () => {
        released++;
        await session.release();
      },
    };
  };
  return { runtime: { Tensor, InferenceSession: { create } }, released: () => released };
}

test("CUDA that is lost in the middle costs no frame", async (t) => {
  const { runtime, released } = frailCuda(await loadRuntime(), 4);
  const detector = opened(t, meanModel(INPUT), { device: "auto", runtime });
  await detector.open();
  assert.equal(detector.device, "cuda");
  const seen: number[] = [];
  for (const level of [51, 102, 153]) seen.push(...(await confidences(detector, [red(level)])));
  assert.deepEqual(seen, [0.2, 0.4, 0.6]);
  assert.equal(detector.device, "cpu");
  assert.deepEqual(detector.fallbacks, [{ from: "cuda", to: "cpu", message: "CUDA failure 2: out of memory" }]);
  await detector.close();
  assert.equal(released(), 2, "both sessions are given back");
});

test("onnxruntime-node itself has no CUDA on a machine without, and says why", async (t) => {
  const detector = opened(t, meanModel(INPUT), { device: "cuda" });
  await detector.open();
  if (detector.device === "cuda") return t.skip("this machine has CUDA");
  assert.equal(detector.fallbacks.length, 1);
  assert.match(detector.fallbacks[0]!.message, /\S/);
});

const options: readonly (readonly [Partial<OnnxOptions>, RegExp])[] = [
  [{ model: "" }, /model is ""\. Give the path/],
  [{ confidence: Number.NaN }, /confidence is NaN\. Give a number from 0 to 1/],
  [{ iou: 2 }, /iou is 2/],
  [{ threads: 0 }, /threads is 0/],
  [{ batchSize: 1.5 }, /batchSize is 1\.5/],
  [{ inputSize: { width: 0, height: 5 } }, /inputSize's width is 0/],
  [{ device: "gpu" as never }, /device is "gpu"\. Give "cpu", "cuda" or "auto"/],
  [{ layout: "toString" as never }, /layout is "toString"\. Give one of yolov5, yolov8/],
];
for (const [option, message] of options) {
  test(`options that make no sense are refused at once: ${JSON.stringify(option)}`, () => {
    assert.throws(() => new OnnxDetector({ model: "m.onnx", ...option }), { code: "OPTION_INVALID", message });
  });
}

test("a detector is called like its file, or as it is told", () => {
  assert.equal(new OnnxDetector({ model: "/models/yolo11n.onnx" }).name, "yolo11n");
  assert.equal(new OnnxDetector({ model: "/models/yolo11n.onnx", name: "cars" }).name, "cars");
});
