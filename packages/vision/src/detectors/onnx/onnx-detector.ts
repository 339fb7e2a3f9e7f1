import { basename } from "node:path";
import { InferometerError, shown } from "@inferometer/metrics";
import { clipped } from "../../boxes.ts";
import { COUNT, checkOptions, SHARE } from "../../option-check.ts";
import type { Detection, Detector, Frame, StageClock, StreamInfo } from "../../types.ts";
import { suppressed } from "../nms.ts";
import type { Found } from "./found.ts";
import { nameless } from "./labels.ts";
import type { LayoutName } from "./layout.ts";
import { LAYOUTS } from "./layouts.ts";
import type { Preparation } from "./letterbox.ts";
import { type LoadedModel, loadModel } from "./loaded-model.ts";
import type { Device, Fallback, OnnxRuntime } from "./onnx-runtime.ts";
import type { Placement } from "./resizer.ts";

export interface OnnxOptions {
  /** Path of the .onnx file. */
  readonly model: string;
  /** Used as the `model` label of the metrics. Default: the file's name without .onnx. */
  readonly name?: string;
  /**
   * Names of the classes: an array, or the path of a file with one a line or of JSON. Default: what the model's metadata says; a model that
   * says nothing finds "class-0", "class-1" and so on.
   */
  readonly labels?: string | readonly string[];
  /** Lowest confidence to report, 0 to 1. Default 0.25. */
  readonly confidence?: number;
  /** Of boxes of one class that overlap by this intersection over union, the most confident stays. Default 0.45. Not used where the model does this. */
  readonly iou?: number;
  /** Most detections in a frame. Default 300. */
  readonly most?: number;
  /**
   * "cuda" falls back to the CPU where there is no CUDA, which `fallbacks` tells; "auto" does so without a word. Default "cpu".
   */
  readonly device?: Device | "auto";
  /** Threads that one picture is computed with. Default 1: several streams share a machine better than one stream uses it. */
  readonly threads?: number;
  /** Pictures that are computed at once, for models that leave it open; others have their own. Default 1. */
  readonly batchSize?: number;
  /** Pixels, for models that leave their size open: a number is both sides. Default: what the metadata says, or else 640. */
  readonly inputSize?: number | { readonly width: number; readonly height: number };
  /** Default: recognised by names and shapes of the outputs. */
  readonly layout?: LayoutName;
  /** Where the model wants its pictures otherwise than its layout's usual models. Default: nothing. */
  readonly preparation?: Partial<Preparation>;
  /** onnxruntime-node, or onnxruntime-web, imported by you. Default: onnxruntime-node is loaded. */
  readonly runtime?: OnnxRuntime;
}

// Noise at a low confidence may bring thousands; comparing each with each would take longer than the model.
const MOST_CANDIDATES = 1000;

/**
 * Runs a model of your own, through onnxruntime-node. The model is loaded, tried once on an empty picture and recognised by `open`.
 * Computing blocks the thread that it runs in.
 *
 * @example
 * const detector = new OnnxDetector({ model: "yolo11n.onnx", confidence: 0.4 });
 * await detector.detect(frame); // [{ box: { x: 311, y: 102, width: 41, height: 99 }, label: "person", confidence: 0.87 }]
 */
export class OnnxDetector implements Detector {
  readonly name: string;
  readonly #options: OnnxOptions;
  #loading: Promise<LoadedModel> | undefined;
  #model: LoadedModel | undefined;
  /** The last call: buffers are shared, so frames take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  /** Throws OPTION_INVALID for shares outside 0 to 1, counts and sizes below 1, and layouts and devices that there are not. */
  constructor(options: OnnxOptions) {
    check(options);
    this.#options = { ...options, ...(typeof options.labels === "object" && { labels: [...options.labels] }) };
    this.name = options.name ?? basename(options.model).replace(/\.onnx$/i, "");
  }

  /** Where the model is computed; before `open`, where it is wanted. */
  get device(): Device | "auto" {
    return this.#model?.device ?? this.#options.device ?? "cpu";
  }

  /** Each time that a device was wanted and another had to do. */
  get fallbacks(): readonly Fallback[] {
    return this.#model?.fallbacks ?? [];
  }

  /** Undefined before `open`. */
  get layout(): LayoutName | undefined {
    return this.#model?.layoutName;
  }

  /** Names of the classes, as far as there are any; undefined before `open`. */
  get labels(): readonly string[] | undefined {
    return this.#model?.labels;
  }

  /** How many frames `detectBatch` takes at once. 1 before `open`. */
  get batchSize(): number {
    return this.#model?.batchSize ?? 1;
  }

  /** Throws PACKAGE_MISSING without onnxruntime-node, and MODEL_INVALID for a model or labels that are of no use. */
  async open(_info?: StreamInfo): Promise<void> {
    this.#loading ??= loadModel(this.#options);
    try {
      this.#model = await this.#loading;
    } catch (error) {
      this.#loading = undefined; // what was missing may be there the next time
      throw error;
    }
  }

  /** Throws DETECTOR_FAILED when the model fails on this frame, or answers what cannot be. Opens the model if nobody has. */
  async detect(frame: Frame, clock?: StageClock): Promise<readonly Detection[]> {
    return (await this.detectBatch([frame], clock))[0]!;
  }

  /** Up to `batchSize` frames in one go, which may be of different sizes; more are cut into batches. Answers in the same order. */
  async detectBatch(frames: readonly Frame[], clock?: StageClock): Promise<(readonly Detection[])[]> {
    const turn = this.#turn.then(async () => {
      if (this.#model === undefined) await this.open();
      const size = this.batchSize;
      const answers: (readonly Detection[])[] = [];
      for (let from = 0; from < frames.length; from += size) answers.push(...(await this.#detectSome(frames.slice(from, from + size), clock)));
      return answers;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #detectSome(frames: readonly Frame[], clock: StageClock | undefined): Promise<(readonly Detection[])[]> {
    const model = this.#model!;
    const placements = frames.map((frame, slot) => model.load(frame, slot));
    clock?.mark("preprocess");
    const outputs = await model.run();
    clock?.mark("inference");
    const { confidence = 0.25 } = this.#options;
    const answers = frames.map((frame, slot) =>
      this.#detections(model.reading.read(outputs, { slot, confidence }), { frame, placement: placements[slot]! }),
    );
    clock?.mark("postprocess");
    return answers;
  }

  #detections(found: Found[], { frame, placement }: { frame: Frame; placement: Placement }): Detection[] {
    const { iou = 0.45, most = 300 } = this.#options;
    if (found.length > MOST_CANDIDATES) found = found.sort((a, b) => b.confidence - a.confidence).slice(0, MOST_CANDIDATES);
    const detections: Detection[] = [];
    for (const { index, confidence, left, top, right, bottom } of found) {
      const x = (left - placement.left) / placement.scaleX;
      const y = (top - placement.top) / placement.scaleY;
      const whole = { x, y, width: (right - left) / placement.scaleX, height: (bottom - top) / placement.scaleY };
      const box = clipped(whole, frame);
      if (box.width > 0 && box.height > 0) detections.push({ box, label: this.#labelOf(index), confidence });
    }
    const kept = LAYOUTS[this.#model!.layoutName].overlapping
      ? suppressed(detections, { iou })
      : detections.sort((a, b) => b.confidence - a.confidence);
    return kept.slice(0, most);
  }

  #labelOf(index: number): string {
    const { labels } = this.#model!;
    const label = labels === undefined && Number.isInteger(index) && index >= 0 ? nameless(index) : labels?.[index];
    if (label !== undefined) return label;
    const range = labels === undefined ? "classes are whole numbers from 0" : `${labels.length} labels are known`;
    throw new InferometerError(
      "DETECTOR_FAILED",
      `The model reports class ${index}; ${range}. Give the labels that belong to it, or set \`layout\`.`,
    );
  }

  /** Frames that are under way are finished first. A frame after this loads the model again. */
  async close(): Promise<void> {
    await this.#turn;
    const model = await this.#loading?.catch(() => undefined);
    this.#loading = this.#model = undefined;
    await model?.release();
  }
}

function check(options: OnnxOptions): void {
  const { model, confidence = 0.25, iou = 0.45, most = 300, threads = 1, batchSize = 1, inputSize = 640, device = "cpu", layout } = options;
  const refuse = (name: string, value: unknown, way: string): never => {
    throw new InferometerError("OPTION_INVALID", `${name} is ${shown(value)}. ${way}`);
  };
  if (typeof model !== "string" || model === "") refuse("model", model, "Give the path of an .onnx file.");
  checkOptions({ confidence, iou }, SHARE);
  const { width, height } = typeof inputSize === "number" ? { width: inputSize, height: inputSize } : inputSize;
  checkOptions({ most, threads, batchSize, "inputSize's width": width, "inputSize's height": height }, COUNT);
  if (!["cpu", "cuda", "auto"].includes(device)) refuse("device", device, 'Give "cpu", "cuda" or "auto".');
  if (layout !== undefined && !Object.hasOwn(LAYOUTS, layout)) refuse("layout", layout, `Give one of ${Object.keys(LAYOUTS).join(", ")}.`);
}
