import { InferometerError } from "@inferometer/metrics";
import type { Layout, LayoutName, Reading, Seen } from "./layout.ts";
import { detr, rfDetr, rtdetr, rtdetrBoxes, rtdetrHf } from "./query-layouts.ts";
import { end2end, firstOfThree, isGrid, yolov5, yolov7Nms, yolov8, yolox } from "./yolo-layouts.ts";

export const LAYOUTS: Readonly<Record<LayoutName, Layout>> = {
  yolov5,
  yolov8,
  yolox,
  end2end,
  "yolov7-nms": yolov7Nms,
  rtdetr,
  "rtdetr-boxes": rtdetrBoxes,
  "rtdetr-hf": rtdetrHf,
  detr,
  "rf-detr": rfDetr,
};

/** The layout that is wanted, or else recognised, fitted to the model. Throws MODEL_INVALID, which says what was seen and what is known. */
export function fitLayout(
  seen: Seen,
  wanted: LayoutName | undefined,
): { readonly name: LayoutName; readonly layout: Layout; readonly reading: Reading } {
  if (seen.task === "obb" || seen.task === "classify")
    throw new InferometerError("MODEL_INVALID", `The model's task is "${seen.task}". Give one for "detect", "segment" or "pose".`);
  const name = wanted ?? recognised(seen);
  const reading = name && LAYOUTS[name].fit(seen);
  if (name === undefined || reading === undefined) throw unknown(seen, wanted);
  return { name, layout: LAYOUTS[name], reading };
}

/** By names where names tell, by numbers where they do not. */
function recognised(seen: Seen): LayoutName | undefined {
  const dims = new Map(seen.outputs.map((output) => [output.name, output.dims]));
  const classes = dims.get("logits")?.[2];
  if (classes !== undefined && dims.has("pred_boxes")) return isSoftmax(seen, { classes, queries: dims.get("logits")![1]! }) ? "detr" : "rtdetr-hf";
  if (dims.get("dets")?.length === 3 && dims.get("labels")?.length === 3) return "rf-detr";
  if (dims.get("labels")?.length === 2 && dims.has("boxes") && dims.get("scores")?.length === 2) return "rtdetr-boxes";
  if (seen.outputs[0]?.dims.length === 2) return "yolov7-nms";
  const shape = firstOfThree(seen);
  return shape && byShape(shape, seen);
}

/** DETR has a class for "nothing" and 100 queries; its successors have 300 and none. Labels tell for sure. */
function isSoftmax({ labelCount }: Seen, { classes, queries }: { classes: number; queries: number }): boolean {
  return labelCount === classes - 1 || (labelCount !== classes && queries <= 100);
}

const MOST_QUERIES = 1000;

function byShape([rows, columns]: readonly [number, number], seen: Seen): LayoutName {
  const { labelCount: labels, description } = seen;
  const grid = (boxes: number, anchors: number): boolean => isGrid(boxes, { seen, anchors });
  if (/rt-?detr/i.test(description)) return "rtdetr";
  if (grid(columns, 1)) return "yolov8";
  if (grid(rows, 3)) return "yolov5";
  if (grid(rows, 1)) return columns - 4 === labels ? "yolov8" : "yolox";
  // From here on the picture's size tells nothing.
  const queries = rows <= MOST_QUERIES;
  if (queries && columns === 6) return "end2end";
  if (queries && columns - 4 === labels && rows - 4 !== labels) return "rtdetr";
  if (columns - 5 === labels) return "yolov5";
  if (rows < columns) return "yolov8";
  if (columns > 6 && queries && (seen.task === "segment" || seen.task === "pose")) return "end2end";
  return queries ? "rtdetr" : "yolov5";
}

function unknown({ outputs, width, height }: Seen, wanted: LayoutName | undefined): InferometerError {
  const shapes = outputs.map(({ name, dims }) => `${name} [${dims.join(", ")}]`).join(", ");
  const known = Object.entries(LAYOUTS).map(([name, layout]) => `${name}: ${layout.shapes}`);
  const what = wanted === undefined ? "no known layout has" : `the layout "${wanted}" does not have`;
  return new InferometerError(
    "MODEL_INVALID",
    `The model's outputs for ${width} x ${height} pixels are ${shapes}, which ${what}. Known are\n  ${known.join("\n  ")}`,
  );
}
