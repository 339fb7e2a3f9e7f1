import type { Detection, Detector, Frame } from "@inferometer/vision";

/** A detector of one's own: the box around all lamps, pixels above a brightness. Run it: inferometer detect night.mp4 --detector own-detector.js */
export function lampDetector({ brightness = 240 }: { readonly brightness?: number } = {}): Detector {
  return {
    name: "lamps",
    detect({ data, width, pixelFormat }: Frame): Detection[] {
      const samples = pixelFormat === "rgb24" ? 3 : 1;
      let [left, top, right, bottom, count] = [Infinity, Infinity, -1, -1, 0];
      for (let at = 0; at < data.length; at += samples) {
        if (data[at]! < brightness) continue;
        const pixel = at / samples;
        const [x, y] = [pixel % width, Math.floor(pixel / width)];
        [left, top, right, bottom, count] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y), count + 1];
      }
      if (count === 0) return [];
      const box = { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
      return [{ box, label: "lamp", confidence: count / (box.width * box.height) }];
    },
  };
}

export const detector: Detector = lampDetector();
