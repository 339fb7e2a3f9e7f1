import { iou } from "../boxes.ts";
import type { Box, Detection } from "../types.ts";
import { type Canvas, type Colour, textSize } from "./canvas.ts";
import type { TrackResult } from "./words.ts";

const BLACK: Colour = [0, 0, 0];
const WHITE: Colour = [255, 255, 255];
const UNTRACKED: Colour = [200, 200, 200];
// From here on a detection is drawn by its track alone.
const SAME_THING = 0.5;
// The golden angle: neighbouring numbers get colours that lie far apart.
const HUE_STEP = 137.508;

/** Draws what was found in a frame: tracks in a colour of their own with their number, and thinly what no track explains. */
export function annotate(
  canvas: Canvas,
  { detections, tracks }: { readonly detections: readonly Detection[]; readonly tracks: readonly TrackResult[] },
): void {
  const scale = Math.max(1, Math.round(canvas.width / 640));
  const tracking = tracks.length > 0;
  for (const { box, label, confidence } of detections) {
    if (tracks.some((track) => iou(track.box, box) >= SAME_THING)) continue;
    const colour = tracking ? UNTRACKED : colourOf(hash(label));
    tag(canvas, { box, text: `${label} ${percent(confidence)}`, colour, thickness: tracking ? scale : 2 * scale, scale });
  }
  for (const { id, box, label, confidence } of tracks) {
    tag(canvas, { box, text: `#${id} ${label} ${percent(confidence)}`, colour: colourOf(id), thickness: 2 * scale, scale });
  }
}

interface Tag {
  readonly box: Box;
  readonly text: string;
  readonly colour: Colour;
  readonly thickness: number;
  readonly scale: number;
}

/** A box with its name above it, or inside where there is no room above. */
function tag(canvas: Canvas, { box, text, colour, thickness, scale }: Tag): void {
  const [left, top] = [Math.round(box.x), Math.round(box.y)];
  const [right, bottom] = [Math.round(box.x + box.width), Math.round(box.y + box.height)];
  canvas.outline({ left, top, right, bottom }, { colour, thickness });
  const padding = 2 * scale;
  const { width, height } = textSize(text, scale);
  const [tagWidth, tagHeight] = [width + 2 * padding, height + padding];
  const tagLeft = Math.max(0, Math.min(left, canvas.width - tagWidth));
  const tagTop = top >= tagHeight ? top - tagHeight : Math.max(0, top);
  canvas.fill({ left: tagLeft, top: tagTop, right: tagLeft + tagWidth, bottom: tagTop + tagHeight }, colour);
  canvas.text(text, { x: tagLeft + padding, y: tagTop + padding, colour: isBright(colour) ? BLACK : WHITE, scale });
}

function percent(confidence: number): string {
  return `${Math.round(confidence * 100)}%`;
}

/** Full, light colours: they stand out from most pictures, and black can be read on most of them. */
export function colourOf(number: number): Colour {
  const hue = ((number * HUE_STEP) % 360) / 60;
  const channel = (offset: number): number => {
    const distance = Math.abs(((hue + offset) % 6) - 3);
    return Math.round(60 + 195 * Math.min(1, Math.max(0, distance - 1)));
  };
  return [channel(0), channel(4), channel(2)];
}

/** By how bright it looks: ITU-R BT.601. */
function isBright([red, green, blue]: Colour): boolean {
  return 0.299 * red + 0.587 * green + 0.114 * blue > 120;
}

function hash(text: string): number {
  let sum = 0;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)!) % 360;
  return sum;
}
