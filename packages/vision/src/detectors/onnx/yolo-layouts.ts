import { checked, checkedCentre, type Found, largest, nonsense } from "./found.ts";
import { floatsOf, type Layout, LETTERBOXED, type Output, type Reading, type Seen, YOLOX_STYLE } from "./layout.ts";

// What the backbone shrinks the picture by, for the usual three heads, for those with one more for large and for small things.
const STRIDES: readonly (readonly number[])[] = [
  [8, 16, 32],
  [8, 16, 32, 64],
  [4, 8, 16, 32],
];

const cellsOf = ({ width, height }: Seen, strides: readonly number[]): number =>
  strides.reduce((sum, stride) => sum + Math.ceil(width / stride) * Math.ceil(height / stride), 0);

/** Whether `boxes` is what comes of `anchors` boxes in each cell of the grids over the input. */
export const isGrid = (boxes: number, { seen, anchors }: { readonly seen: Seen; readonly anchors: number }): boolean =>
  STRIDES.some((strides) => boxes === anchors * cellsOf(seen, strides));

/**
 * Classes among `values` that follow the box. Models for masks and key points carry more behind the classes, so there the labels must tell.
 * Undefined for no class at all.
 */
function classesAmong(values: number, { task, labelCount }: Seen): number | undefined {
  const more = task === "segment" || task === "pose";
  const classes = more ? labelCount : values;
  return classes !== undefined && classes >= 1 && classes <= values ? classes : undefined;
}

/** Dimensions of the first output, if it has three. */
export function firstOfThree({ outputs }: Pick<Seen, "outputs">): readonly [rows: number, columns: number] | undefined {
  const dims = outputs[0]?.dims;
  return dims?.length === 3 ? [dims[1]!, dims[2]!] : undefined;
}

/** YOLOv8, 9, 11, 12: x, y, width, height, a score for each class; each of them a row over all boxes. */
export const yolov8: Layout = {
  shapes: "[1, 4 + C, N], as YOLOv8, v9, v11, v12 have",
  preparation: LETTERBOXED,
  overlapping: true,
  fit(seen) {
    const dims = firstOfThree(seen);
    if (dims === undefined) return undefined;
    const flipped = dims[0] > dims[1] && !isGrid(dims[1], { seen, anchors: 1 });
    const classes = classesAmong(dims[flipped ? 1 : 0] - 4, seen);
    return classes === undefined ? undefined : rowsOfClasses(classes, flipped);
  },
};

function rowsOfClasses(classes: number, flipped: boolean): Reading {
  let best = new Float32Array(0);
  let kinds = new Int32Array(0);
  let touched = new Int32Array(0);
  return {
    labelCounts: [classes],
    read([output], { slot, confidence }) {
      const data = floatsOf(output!);
      const [, rows, columns] = output!.dims as [number, number, number];
      const boxes = flipped ? rows : columns;
      const [next, row] = flipped ? [columns, 1] : [1, columns];
      if (best.length < boxes) [best, kinds, touched] = [new Float32Array(boxes), new Int32Array(boxes), new Int32Array(boxes)];
      const start = slot * rows * columns;
      let count = 0;
      // Row by row, as it lies in memory. Nearly all scores are low: for them this is one comparison.
      for (let kind = 0; kind < classes; kind++) {
        for (let box = 0, at = start + (4 + kind) * row; box < boxes; box++, at += next) {
          const score = data[at]!;
          if (score < confidence) continue;
          const before = best[box]!;
          if (score > before) {
            if (before === 0) touched[count++] = box;
            best[box] = score;
            kinds[box] = kind;
          } else if (Number.isNaN(score)) {
            best.fill(0);
            throw nonsense(score);
          }
        }
      }
      const scored = Array.from(touched.subarray(0, count), (box) => ({ box, index: kinds[box]!, confidence: best[box]! }));
      for (const { box } of scored) best[box] = 0;
      return scored.map(({ box, index, confidence }) => {
        const at = start + box * next;
        return checkedCentre({ index, confidence, x: data[at]!, y: data[at + row]!, width: data[at + 2 * row]!, height: data[at + 3 * row]! });
      });
    },
  };
}

/** YOLOv5, v7: each box a row: x, y, width, height, whether anything is there, a score for each class. */
export const yolov5: Layout = {
  shapes: "[1, N, 5 + C], as YOLOv5, v7 have",
  preparation: LETTERBOXED,
  overlapping: true,
  fit(seen) {
    const dims = firstOfThree(seen);
    const classes = dims && classesAmong(dims[1] - 5, seen);
    if (classes === undefined) return undefined;
    return {
      labelCounts: [classes],
      read: ([output], options) =>
        objects(output!, { ...options, classes }).map(({ at, index, confidence }) => {
          const data = floatsOf(output!);
          return checkedCentre({ index, confidence, x: data[at]!, y: data[at + 1]!, width: data[at + 2]!, height: data[at + 3]! });
        }),
    };
  },
};

/** YOLOX as its own exporter leaves it: as YOLOv5, but x and y from the cell's corner in cells, the logarithm of width and height. */
export const yolox: Layout = {
  shapes: "[1, N, 5 + C] with one N for each cell, as YOLOX has",
  preparation: YOLOX_STYLE,
  overlapping: true,
  fit(seen) {
    const dims = firstOfThree(seen);
    const strides = dims && STRIDES.find((one) => dims[0] === cellsOf(seen, one));
    const classes = dims && classesAmong(dims[1] - 5, seen);
    if (strides === undefined || classes === undefined) return undefined;
    const cells = gridOf(seen, strides);
    return {
      labelCounts: [classes],
      read: ([output], options) =>
        objects(output!, { ...options, classes }).map(({ at, row, index, confidence }) => {
          const data = floatsOf(output!);
          const [left, top, stride] = [cells[3 * row]!, cells[3 * row + 1]!, cells[3 * row + 2]!];
          const [x, y] = [(data[at]! + left) * stride, (data[at + 1]! + top) * stride];
          return checkedCentre({ index, confidence, x, y, width: Math.exp(data[at + 2]!) * stride, height: Math.exp(data[at + 3]!) * stride });
        }),
    };
  },
};

/** Column, row and stride of each cell, grid after grid. */
function gridOf({ width, height }: Seen, strides: readonly number[]): Float32Array {
  const cells: number[] = [];
  for (const stride of strides) {
    for (let row = 0; row < Math.ceil(height / stride); row++)
      for (let column = 0; column < Math.ceil(width / stride); column++) cells.push(column, row, stride);
  }
  return Float32Array.from(cells);
}

interface Candidate {
  readonly row: number;
  /** Where the row begins. */
  readonly at: number;
  readonly index: number;
  readonly confidence: number;
}

/** Rows whose objectness times their best class reaches the confidence. */
function objects(output: Output, { slot, confidence, classes }: { slot: number; confidence: number; classes: number }): Candidate[] {
  const data = floatsOf(output);
  const [, rows, columns] = output.dims as [number, number, number];
  const candidates: Candidate[] = [];
  for (let row = 0, at = slot * rows * columns; row < rows; row++, at += columns) {
    const object = data[at + 4]!;
    if (object < confidence) continue;
    if (Number.isNaN(object)) throw nonsense(object);
    const index = largest(data, { from: at + 5, count: classes });
    const score = object * data[at + 5 + index]!;
    if (score >= confidence) candidates.push({ row, at, index, confidence: score });
  }
  return candidates;
}

/** Suppression within the model: left, top, right, bottom, score, class. */
export const end2end: Layout = {
  shapes: "[1, N, 6], as YOLOv10, YOLO26 and exports with nms=True have",
  preparation: LETTERBOXED,
  overlapping: false,
  fit(seen) {
    const columns = firstOfThree(seen)?.[1] ?? 0;
    return columns < 6 ? undefined : { labelCounts: undefined, read: ([output], options) => finished(output!, options) };
  },
};

function finished(output: Output, { slot, confidence }: { slot: number; confidence: number }): Found[] {
  const data = floatsOf(output);
  const [, rows, columns] = output.dims as [number, number, number];
  const found: Found[] = [];
  for (let row = 0, at = slot * rows * columns; row < rows; row++, at += columns) {
    const score = data[at + 4]!;
    if (score < confidence) continue;
    const [left, top, right, bottom, , index] = data.subarray(at, at + 6) as unknown as [number, number, number, number, number, number];
    found.push(checked({ index, confidence: score, left, top, right, bottom }));
  }
  return found;
}

/** YOLOv7's export with --end2end: picture, left, top, right, bottom, class, score. */
export const yolov7Nms: Layout = {
  shapes: "[N, 7], as YOLOv7 exported with --end2end has",
  preparation: LETTERBOXED,
  overlapping: false,
  fit({ outputs }) {
    if (outputs[0]?.dims.length !== 2 || outputs[0].dims[1] !== 7) return undefined;
    return {
      labelCounts: undefined,
      read([output], { slot, confidence }) {
        const data = floatsOf(output!);
        const found: Found[] = [];
        for (let at = 0; at + 7 <= data.length; at += 7) {
          const score = data[at + 6]!;
          if (score < confidence || data[at] !== slot) continue;
          const [left, top, right, bottom] = [data[at + 1]!, data[at + 2]!, data[at + 3]!, data[at + 4]!];
          found.push(checked({ index: data[at + 5]!, confidence: score, left, top, right, bottom }));
        }
        return found;
      },
    };
  },
};
