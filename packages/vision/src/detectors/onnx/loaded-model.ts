import { readFile } from "node:fs/promises";
import { InferometerError } from "@inferometer/metrics";
import type { Frame } from "../../types.ts";
import { Engine } from "./engine.ts";
import { labelsFromMetadata, loadLabels } from "./labels.ts";
import type { LayoutName, Output, Reading } from "./layout.ts";
import { fitLayout } from "./layouts.ts";
import { Letterbox } from "./letterbox.ts";
import { type ModelInput, planInput } from "./model-input.ts";
import type { OnnxOptions } from "./onnx-detector.ts";
import { type OnnxModel, readOnnxFile } from "./onnx-file.ts";
import { type Device, type Fallback, loadRuntime, messageOf } from "./onnx-runtime.ts";
import type { Pixels, Placement } from "./resizer.ts";

/** Reads, loads, tries and recognises a model. */
export async function loadModel(options: OnnxOptions): Promise<LoadedModel> {
  const file = await readModel(options.model);
  const labels = options.labels === undefined ? labelsFromMetadata(file.metadata.get("names")) : await loadLabels(options.labels);
  const input = planInput(file, options);
  const runtime = options.runtime ?? (await loadRuntime());
  const engine = await Engine.start(runtime, { input, ...options });
  try {
    return new LoadedModel(engine, { file, labels, input, options, outputs: await engine.trial() });
  } catch (error) {
    await engine.release();
    throw error;
  }
}

async function readModel(path: string): Promise<OnnxModel> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new InferometerError("MODEL_INVALID", `The model ${path} cannot be read: ${messageOf(cause)}. Check the path.`, { cause });
  }
  return readOnnxFile(bytes, path);
}

interface Parts {
  readonly file: OnnxModel;
  readonly labels: readonly string[] | undefined;
  readonly input: ModelInput;
  readonly options: OnnxOptions;
  /** Of the trial. */
  readonly outputs: readonly Output[];
}

/** A model that is ready: its input is filled picture by picture, then computed. */
export class LoadedModel {
  readonly layoutName: LayoutName;
  readonly reading: Reading;
  readonly labels: readonly string[] | undefined;
  readonly batchSize: number;
  readonly #engine: Engine;
  readonly #letterbox: Letterbox;
  readonly #pixels: Pixels;
  readonly #placements: Placement[] = [];

  constructor(engine: Engine, { file, labels, input, options, outputs }: Parts) {
    const { width, height } = input.picture;
    const metadata = { task: file.metadata.get("task"), description: file.metadata.get("description") ?? "" };
    const { name, layout, reading } = fitLayout({ outputs, width, height, labelCount: labels?.length, ...metadata }, options.layout);
    if (labels !== undefined && reading.labelCounts?.includes(labels.length) === false) {
      const wanted = reading.labelCounts.join(" or ");
      const from = typeof options.labels === "string" ? options.labels : options.labels === undefined ? "its metadata" : "the labels given";
      throw new InferometerError(
        "MODEL_INVALID",
        `${options.model} tells ${wanted} classes apart, ${from} has ${labels.length} labels. Give ${wanted} labels; or set \`layout\`, if it is not ${name}.`,
      );
    }
    this.layoutName = name;
    this.reading = reading;
    this.labels = labels;
    this.batchSize = input.batchSize;
    this.#engine = engine;
    const range = input.picture.type === "uint8" ? ({ range: 255 } as const) : {};
    this.#letterbox = new Letterbox(input.picture, { ...layout.preparation, ...range, ...options.preparation });
    this.#pixels = engine.pixels;
    this.#pixels.set(this.#letterbox.buffer(input.batchSize));
  }

  get device(): Device {
    return this.#engine.device;
  }

  get fallbacks(): readonly Fallback[] {
    return this.#engine.fallbacks;
  }

  /** Puts a frame into the input. */
  load(frame: Frame, slot: number): Placement {
    const placement = this.#letterbox.write(frame, this.#pixels, { slot, before: this.#placements[slot] });
    this.#placements[slot] = placement;
    return placement;
  }

  /** Computes what was loaded. What comes out is overwritten by the next run. */
  run(): Promise<readonly Output[]> {
    return this.#engine.run();
  }

  release(): Promise<void> {
    return this.#engine.release();
  }
}
