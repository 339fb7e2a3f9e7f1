import { checked, checkedCentre, type Found, largest, nonsense, type Scored } from "./found.ts";
import { floatsOf, type Layout, NORMALISED, type Seen, STRETCHED } from "./layout.ts";
import { firstOfThree } from "./yolo-layouts.ts";

// Models of the DETR family answer each of a fixed number of queries with one box, so nothing needs suppressing. Boxes are shares of the input.

/** RT-DETR as Ultralytics exports it: each box a row: x, y, width, height, a score for each class. */
export const rtdetr: Layout = {
  shapes: "[1, N, 4 + C], as RT-DETR exported by Ultralytics has",
  preparation: STRETCHED,
  overlapping: false,
  fit(seen) {
    const classes = (firstOfThree(seen)?.[1] ?? 0) - 4;
    if (classes < 1) return undefined;
    return {
      labelCounts: [classes],
      read([output], { slot, confidence }) {
        const data = floatsOf(output!);
        const [, rows, columns] = output!.dims as [number, number, number];
        const found: Found[] = [];
        for (let row = 0, at = slot * rows * columns; row < rows; row++, at += columns) {
          const index = largest(data, { from: at + 4, count: classes });
          const score = data[at + 4 + index]!;
          if (score >= confidence) found.push(boxAt(data, { at, seen, index, confidence: score }));
        }
        return found;
      },
    };
  },
};

/** RT-DETR and D-FINE as their own exporters leave them. Corners in pixels of the size that was fed as `orig_target_sizes`: the input's. */
export const rtdetrBoxes: Layout = {
  shapes: "labels [1, N], boxes [1, N, 4], scores [1, N], as RT-DETR, D-FINE and DEIM exported by their own scripts have",
  preparation: STRETCHED,
  overlapping: false,
  fit({ outputs }) {
    const [labels, boxes, scores] = placesOf(outputs, ["labels", "boxes", "scores"]);
    if (labels === undefined || boxes === undefined || scores === undefined || outputs[boxes]!.dims.at(-1) !== 4) return undefined;
    return {
      labelCounts: undefined,
      read(all, { slot, confidence }) {
        const [kinds, corners, values] = [all[labels]!.data, floatsOf(all[boxes]!), floatsOf(all[scores]!)];
        const queries = all[scores]!.dims.at(-1)!;
        const found: Found[] = [];
        for (let query = slot * queries; query < (slot + 1) * queries; query++) {
          const score = values[query]!;
          if (score < confidence) continue;
          const [left, top, right, bottom] = corners.subarray(4 * query, 4 * query + 4) as unknown as [number, number, number, number];
          found.push(checked({ index: Number(kinds[query]), confidence: score, left, top, right, bottom }));
        }
        return found;
      },
    };
  },
};

/** RT-DETR and other models of Hugging Face whose classes are judged one by one: logits for a sigmoid. */
export const rtdetrHf: Layout = {
  shapes: "logits [1, N, C], pred_boxes [1, N, 4], as RT-DETR and D-FINE exported from Hugging Face have",
  preparation: STRETCHED,
  overlapping: false,
  fit: (seen) => pair(seen, { logits: "logits", boxes: "pred_boxes", score: bySigmoid, labelCounts: (count) => [count] }),
};

/** DETR and YOLOS of Hugging Face: logits for a softmax, the last class stands for "nothing". */
export const detr: Layout = {
  shapes: "logits [1, N, C + 1], pred_boxes [1, N, 4], as DETR and YOLOS exported from Hugging Face have",
  preparation: NORMALISED,
  overlapping: false,
  fit: (seen) => pair(seen, { logits: "logits", boxes: "pred_boxes", score: bySoftmax, labelCounts: (count) => [count - 1] }),
};

/** RF-DETR: logits for a sigmoid. Models that were trained further have a class more than labels. */
export const rfDetr: Layout = {
  shapes: "dets [1, N, 4], labels [1, N, C], as RF-DETR has",
  preparation: NORMALISED,
  overlapping: false,
  fit: (seen) => pair(seen, { logits: "labels", boxes: "dets", score: bySigmoid, labelCounts: (count) => [count, count - 1] }),
};

interface Pair {
  readonly logits: string;
  readonly boxes: string;
  readonly score: (logits: Float32Array, row: { readonly from: number; readonly count: number }) => Scored;
  readonly labelCounts: (count: number) => readonly number[];
}

/** Boxes in one output, logits in another. */
function pair(seen: Seen, names: Pair): ReturnType<Layout["fit"]> {
  const [logits, boxes] = placesOf(seen.outputs, [names.logits, names.boxes]);
  if (logits === undefined || boxes === undefined) return undefined;
  const shape = seen.outputs[logits]!.dims;
  if (shape.length !== 3 || shape[2]! < 1 || seen.outputs[boxes]!.dims.length !== 3 || seen.outputs[boxes]!.dims[2] !== 4) return undefined;
  return {
    labelCounts: names.labelCounts(shape[2]!).filter((count) => count > 0),
    read(all, { slot, confidence }) {
      const [scores, corners] = [floatsOf(all[logits]!), floatsOf(all[boxes]!)];
      const [, queries, count] = all[logits]!.dims as [number, number, number];
      const found: Found[] = [];
      for (let query = slot * queries; query < (slot + 1) * queries; query++) {
        const scored = names.score(scores, { from: query * count, count });
        if (scored.confidence >= confidence) found.push(boxAt(corners, { at: 4 * query, seen, ...scored }));
      }
      return found;
    },
  };
}

interface BoxPlace {
  readonly at: number;
  readonly seen: Seen;
  readonly index: number;
  readonly confidence: number;
}

function boxAt(data: Float32Array, { at, seen: { width, height }, index, confidence }: BoxPlace): Found {
  const [x, y, wide, high] = [data[at]! * width, data[at + 1]! * height, data[at + 2]! * width, data[at + 3]! * height];
  return checkedCentre({ index, confidence, x, y, width: wide, height: high });
}

function bySigmoid(logits: Float32Array, row: { readonly from: number; readonly count: number }): Scored {
  const index = largest(logits, row);
  return { index, confidence: 1 / (1 + Math.exp(-logits[row.from + index]!)) };
}

function bySoftmax(logits: Float32Array, { from, count }: { readonly from: number; readonly count: number }): Scored {
  const nothing = logits[from + count - 1]!;
  const index = largest(logits, { from, count: count - 1 });
  const best = logits[from + index]!;
  const highest = Math.max(best, nothing); // taken off, so that no exponential overflows
  let sum = 0;
  for (let at = from; at < from + count; at++) sum += Math.exp(logits[at]! - highest);
  const confidence = Math.exp(best - highest) / sum;
  if (Number.isNaN(confidence)) throw nonsense(confidence);
  return { index, confidence };
}

function placesOf(outputs: Seen["outputs"], names: readonly string[]): (number | undefined)[] {
  return names.map((name) => {
    const at = outputs.findIndex((output) => output.name === name);
    return at === -1 ? undefined : at;
  });
}
