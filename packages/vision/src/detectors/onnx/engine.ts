import { InferometerError } from "@inferometer/metrics";
import { readHalves } from "./half-float.ts";
import type { Output } from "./layout.ts";
import type { ModelInput } from "./model-input.ts";
import type { OnnxOptions } from "./onnx-detector.ts";
import { type Device, type Fallback, messageOf, type OnnxRuntime, type RuntimeSession, type RuntimeTensor } from "./onnx-runtime.ts";
import type { Pixels } from "./resizer.ts";

export interface EngineOptions extends OnnxOptions {
  readonly input: ModelInput;
}

/** The session, and what it is fed with. Falls back from CUDA to the CPU, at the start and in the middle. */
export class Engine {
  readonly fallbacks: Fallback[] = [];
  device: Device = "cpu";
  readonly pixels: Pixels;
  readonly #runtime: OnnxRuntime;
  readonly #options: EngineOptions;
  readonly #feeds: Readonly<Record<string, RuntimeTensor>>;
  readonly #floats: Map<string, Float32Array> = new Map();
  #session: RuntimeSession | undefined;

  private constructor(runtime: OnnxRuntime, options: EngineOptions) {
    this.#runtime = runtime;
    this.#options = options;
    const { input } = options;
    this.pixels = input.emptyPixels();
    this.#feeds = Object.fromEntries([
      [input.name, withData(new runtime.Tensor(input.picture.type, this.pixels, input.dims), this.pixels)],
      ...input.extras.map(({ name, data, dims }) => [name, new runtime.Tensor(data instanceof Float32Array ? "float32" : "int64", data, dims)]),
    ]);
  }

  static async start(runtime: OnnxRuntime, options: EngineOptions): Promise<Engine> {
    const engine = new Engine(runtime, options);
    const { device = "cpu", model } = options;
    if (device !== "cpu") {
      try {
        await engine.#create("cuda");
        await engine.#compute(); // libraries that CUDA needs are looked for only now
        return engine;
      } catch (error) {
        await engine.release();
        if (device === "cuda") engine.#noteFallback(error);
      }
    }
    try {
      await engine.#create("cpu");
    } catch (cause) {
      throw new InferometerError("MODEL_INVALID", `onnxruntime cannot load ${model}: ${messageOf(cause)}`, { cause });
    }
    return engine;
  }

  async #create(device: Device): Promise<void> {
    const { model, threads = 1 } = this.#options;
    this.#session = await this.#runtime.InferenceSession.create(model, {
      executionProviders: device === "cuda" ? ["cuda", "cpu"] : ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
    });
    this.device = device;
  }

  #noteFallback(error: unknown): void {
    this.fallbacks.push({ from: "cuda", to: "cpu", message: messageOf(error) });
  }

  #compute(): Promise<Readonly<Record<string, RuntimeTensor>>> {
    return this.#session!.run(this.#feeds);
  }

  /** The first run, on an empty picture: it shows the true shapes, and what does not work shows before the first frame. */
  async trial(): Promise<readonly Output[]> {
    try {
      return await this.run();
    } catch (cause) {
      const { model, input } = this.#options;
      const { width, height } = input.picture;
      const advice = input.open ? " Set `inputSize` to a size that it was made for." : "";
      throw new InferometerError("MODEL_INVALID", `${model} fails on an empty picture of ${width} x ${height}: ${messageOf(cause)}.${advice}`, {
        cause,
      });
    }
  }

  async run(): Promise<readonly Output[]> {
    let answers: Readonly<Record<string, RuntimeTensor>>;
    try {
      answers = await this.#compute();
    } catch (error) {
      if (this.device === "cpu") throw failed(error);
      this.#noteFallback(error);
      answers = await this.#computeOnCpu().catch((second: unknown) => {
        throw failed(second);
      });
    }
    return this.#options.input.outputNames.map((name) => this.#output(name, answers[name]!));
  }

  async #computeOnCpu(): Promise<Readonly<Record<string, RuntimeTensor>>> {
    await this.release();
    await this.#create("cpu");
    return this.#compute();
  }

  #output(name: string, { type, dims, data }: RuntimeTensor): Output {
    if (type === "float32") return { name, dims, data: data as Float32Array };
    if (type === "int32") return { name, dims, data: data as Int32Array };
    if (type === "int64") return { name, dims, data: data as BigInt64Array };
    const from = data as Uint16Array;
    let floats = this.#floats.get(name);
    if (floats?.length !== from.length) this.#floats.set(name, (floats = new Float32Array(from.length)));
    // Newer versions of Node have an array for halves, which holds numbers; others show the bits.
    if (type === "float16" && from instanceof Uint16Array) readHalves(from, floats);
    else floats.set(from);
    return { name, dims, data: floats };
  }

  async release(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.release();
  }
}

const failed = (cause: unknown): InferometerError => new InferometerError("DETECTOR_FAILED", `The model failed: ${messageOf(cause)}`, { cause });

/** In Node 24 the runtime makes a Float16Array of our halves, which its native part takes for empty: it is given the bits. */
function withData<T extends { readonly data: unknown }>(tensor: T, data: Uint8Array | Uint16Array | Float32Array): T {
  return tensor.data === data ? tensor : Object.defineProperty(tensor, "data", { value: data });
}
