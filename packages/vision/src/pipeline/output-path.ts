import { extname } from "node:path";
import { InferometerError, shown } from "@inferometer/metrics";

const PICTURES = [".png", ".jpg", ".jpeg", ".bmp", ".webp"];

/** The output of a source among several: "annotated.mp4" becomes "annotated-2.mp4", "out/" becomes "out/2/". */
export function outputFor(output: string, { source, of }: { readonly source: number; readonly of: number }): string {
  if (of === 1) return output;
  if (/[\\/]$/.test(output)) return `${output}${source + 1}/`;
  const extension = extname(output);
  return `${output.slice(0, output.length - extension.length)}-${source + 1}${extension}`;
}

/** Whether frames become pictures, or one video. Throws OUTPUT_FAILED for a path that says neither. */
export function outputKind(path: string): "pictures" | "video" {
  if (/[\\/]$/.test(path)) return "pictures";
  const extension = extname(path).toLowerCase();
  if (extension === "")
    throw new InferometerError("OUTPUT_FAILED", `The output ${shown(path)} has no ending. Give "annotated.mp4", or "out/" for pictures.`);
  if (!PICTURES.includes(extension)) return "video";
  if (/%0?\d*d/.test(path)) return "pictures";
  throw new InferometerError("OUTPUT_FAILED", `The output ${shown(path)} is one picture, for many frames. Give "out/%06d${extension}", or "out/".`);
}
