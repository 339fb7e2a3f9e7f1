// OpenCV itself, as the oracle of the tests: the npm package @techstark/opencv-js, 4.12 (5.0 has no HOGDescriptor). Nothing ships with it.
import { createRequire } from "node:module";
import { gunzipSync, gzipSync } from "node:zlib";

interface Mat {
  readonly data: Uint8Array;
  delete(): void;
}

interface Vector<T> {
  size(): number;
  get(at: number): T;
  delete(): void;
}

interface OpenCv {
  readonly Mat: new (rows?: number, columns?: number, type?: number) => Mat;
  readonly CV_8UC1: number;
  readonly CV_8UC3: number;
  readonly CV_32F: number;
  readonly Size: new (width: number, height: number) => unknown;
  readonly RectVector: new () => Vector<{ readonly x: number; readonly y: number }>;
  readonly DoubleVector: new () => Vector<number>;
  readonly BackgroundSubtractorMOG2: new (
    history: number,
    threshold: number,
    shadows: boolean,
  ) => { apply(from: Mat, to: Mat, rate: number): void; delete(): void };
  readonly HOGDescriptor: new () => {
    nlevels: number;
    setSVMDetector(weights: Mat): void;
    detectMultiScale(...args: unknown[]): void;
    delete(): void;
  };
  readonly INTER_LINEAR: number;
  resize(from: Mat, to: Mat, size: unknown, scaleX: number, scaleY: number, how: number): void;
  matFromArray(rows: number, columns: number, type: number, values: readonly number[]): Mat;
}

/** OpenCV, or undefined where the package is not installed, which CI does not forgive. */
export async function loadOpenCv(): Promise<{ readonly cv: OpenCv } | undefined> {
  let loaded: unknown;
  try {
    loaded = createRequire(import.meta.url)("@techstark/opencv-js");
  } catch (error) {
    if (process.env["CI"]) throw error;
    return undefined;
  }
  const cv = (loaded instanceof Promise ? await loaded : loaded) as OpenCv & { onRuntimeInitialized?: () => void };
  // The module must not be awaited itself: it has a `then` that resolves to the module, for ever.
  if (cv.Mat === undefined) await new Promise<void>((resolve) => (cv.onRuntimeInitialized = resolve));
  return { cv };
}

/** The masks that OpenCV's mixture of Gaussians makes of `pictures`, for the frames wanted. */
export function masksByOpenCv(
  cv: OpenCv,
  {
    pictures,
    wanted,
    width,
    height,
    channels,
  }: { pictures: readonly Uint8Array[]; wanted: readonly number[]; width: number; height: number; channels: 1 | 3 },
): Uint8Array[] {
  const from = new cv.Mat(height, width, channels === 1 ? cv.CV_8UC1 : cv.CV_8UC3);
  const to = new cv.Mat();
  const mixture = new cv.BackgroundSubtractorMOG2(500, 16, true);
  const masks: Uint8Array[] = [];
  pictures.forEach((picture, frame) => {
    from.data.set(picture);
    mixture.apply(from, to, -1);
    if (wanted.includes(frame)) masks.push(to.data.slice());
  });
  for (const held of [from, to, mixture]) held.delete();
  return masks;
}

/** A colour picture at another size, by bilinear interpolation. */
export function resizedByOpenCv(
  cv: OpenCv,
  { data, width, height, toWidth, toHeight }: { data: Uint8Array; width: number; height: number; toWidth: number; toHeight: number },
): Uint8Array {
  const [from, to] = [new cv.Mat(height, width, cv.CV_8UC3), new cv.Mat()];
  from.data.set(data);
  cv.resize(from, to, new cv.Size(toWidth, toHeight), 0, 0, cv.INTER_LINEAR);
  const resized = to.data.slice();
  for (const held of [from, to]) held.delete();
  return resized;
}

/** Scores of all 64x128 windows of a grey picture, one cell apart, by `column,row`. */
export function scoresByOpenCv(
  cv: OpenCv,
  { picture, width, height, weights }: { picture: Uint8Array; width: number; height: number; weights: Float32Array },
): Map<string, number> {
  const mat = new cv.Mat(height, width, cv.CV_8UC1);
  mat.data.set(picture);
  const vector = cv.matFromArray(1, weights.length, cv.CV_32F, [...weights]);
  const hog = new cv.HOGDescriptor();
  hog.setSVMDetector(vector);
  hog.nlevels = 1;
  const [places, values] = [new cv.RectVector(), new cv.DoubleVector()];
  hog.detectMultiScale(mat, places, values, -1000, new cv.Size(8, 8), new cv.Size(0, 0), 1.05, 0, false);
  const scores = new Map<string, number>();
  for (let at = 0; at < places.size(); at++) scores.set(`${places.get(at).x / 8},${places.get(at).y / 8}`, values.get(at));
  for (const held of [mat, vector, hog, places, values]) held.delete();
  return scores;
}

/** Masks as text, to be kept in a test. */
export const packed = (masks: readonly Uint8Array[]): string => gzipSync(Buffer.concat(masks), { level: 9 }).toString("base64");
export const unpacked = (text: string): Uint8Array => gunzipSync(Buffer.from(text, "base64"));
