import type { Found } from "./found.ts";
import type { Preparation } from "./letterbox.ts";

/** How boxes are laid out in a model's outputs; docs/detectors.md has the table of what each is exported by. */
export type LayoutName = "yolov5" | "yolov8" | "yolox" | "end2end" | "yolov7-nms" | "rtdetr" | "rtdetr-boxes" | "rtdetr-hf" | "detr" | "rf-detr";

export interface OutputShape {
  readonly name: string;
  readonly dims: readonly number[];
}

/** An output of one run. `data` are floats, whatever float type the model has, or whole numbers. */
export interface Output extends OutputShape {
  readonly data: Float32Array | Int32Array | BigInt64Array;
}

/** What there is to recognise a layout by. */
export interface Seen {
  readonly outputs: readonly OutputShape[];
  /** The model's input, pixels. */
  readonly width: number;
  readonly height: number;
  /** How many labels are known, from the user or from the metadata. */
  readonly labelCount: number | undefined;
  /** What Ultralytics wrote: "detect", "segment", "pose", "obb", "classify". */
  readonly task: string | undefined;
  /** What Ultralytics wrote: "Ultralytics YOLOv8n model trained on …". */
  readonly description: string;
}

/** A layout, fitted to one model. */
export interface Reading {
  /** How many labels fit, the best first; undefined where the outputs name classes by number only. */
  readonly labelCounts: readonly number[] | undefined;
  /** What is in picture number `slot`, from `confidence` on. */
  read(outputs: readonly Output[], options: { readonly slot: number; readonly confidence: number }): Found[];
}

export interface Layout {
  /** The outputs, as they stand in messages. N is the number of boxes, C that of the classes. */
  readonly shapes: string;
  /** How models of this layout are fed, unless the user knows better. */
  readonly preparation: Preparation;
  /** Whether the same thing is reported several times, so that non-maximum suppression is needed. */
  readonly overlapping: boolean;
  /** Undefined where the outputs cannot have this layout. */
  fit(seen: Seen): Reading | undefined;
}

const PLAIN = { place: "centre", padding: 114, channels: "rgb", range: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const;
export const LETTERBOXED: Preparation = { ...PLAIN, fit: "letterbox" };
/** YOLOX reads pictures as OpenCV does: blue first, 0 to 255. */
export const YOLOX_STYLE: Preparation = { ...LETTERBOXED, place: "corner", channels: "bgr", range: 255 };
export const STRETCHED: Preparation = { ...PLAIN, fit: "stretch" };
/** Mean and deviation of the colours of ImageNet. */
export const NORMALISED: Preparation = { ...STRETCHED, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** The output's numbers as floats; the layouts ask for whole numbers only where they expect them. */
export function floatsOf({ data }: Output): Float32Array {
  return data as Float32Array;
}
