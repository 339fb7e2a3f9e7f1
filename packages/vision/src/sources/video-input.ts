import { type Stats, statSync } from "node:fs";
import { InferometerError, shown } from "@inferometer/metrics";
import type { SourceOpenOptions } from "../types.ts";
import { withoutSecrets } from "./secrets.ts";

/** What ffmpeg is to read, and how much is known of it before. */
export interface VideoInput {
  readonly kind: "file" | "pipe" | "camera" | "address";
  /** Safe to be shown. */
  readonly name: string;
  readonly live: boolean;
  readonly args: readonly string[];
}

const FINITE = /\.(mp4|m4v|mov|mkv|webm|avi|mpe?g|ts|flv|wmv|ogv)$/i;
// Slices are decoded in parallel, whole frames are not: those would each wait for as many later ones as there are threads.
const LIVE_ARGS = ["-thread_type", "slice", "-fflags", "nobuffer", "-flags", "low_delay"];

/** What `input` is, without touching it. `format`: its name means something to the input format that the caller has chosen. */
export function videoInput(input: string, { live, format = false }: { live?: boolean | undefined; format?: boolean } = {}): VideoInput {
  const name = withoutSecrets(input);
  if (format) return { kind: "address", name, live: live ?? true, args: [...((live ?? true) ? LIVE_ARGS : []), "-i", input] };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(input) && !/^file:/i.test(input)) {
    const isLive = live ?? !(/^https?:/i.test(input) && FINITE.test(name));
    // Over UDP, which ffmpeg tries first, a busy network tears pictures apart.
    const transport = /^rtsps?:/i.test(input) ? ["-rtsp_transport", "tcp"] : [];
    return { kind: "address", name, live: isLive, args: [...(isLive ? LIVE_ARGS : []), ...transport, "-i", input] };
  }
  const path = input.replace(/^file:(\/\/)?/i, "");
  if (/^\/dev\/video\d+$/.test(path)) {
    return { kind: "camera", name: path, live: true, args: [...LIVE_ARGS, "-f", "v4l2", "-i", path] };
  }
  // "file:" keeps a colon in a name from being read as a protocol.
  return { kind: "file", name: path, live: live ?? false, args: ["-i", `file:${path}`] };
}

/** Throws SOURCE_NOT_FOUND or SOURCE_INVALID for a path that cannot hold a video. Returns the input, a named pipe told apart from a file. */
export function checkedInput(input: VideoInput): VideoInput {
  if (input.kind === "address") return input;
  const stats = statsOf(input.name);
  if (input.kind === "camera") return input;
  if (stats.isDirectory()) {
    throw new InferometerError(
      "SOURCE_INVALID",
      `${shown(input.name)} is a folder, not a video. Name a file in it; for its pictures, use { kind: "images" }.`,
    );
  }
  if (stats.isFile() && stats.size === 0) {
    throw new InferometerError("SOURCE_INVALID", `${shown(input.name)} is empty (0 bytes), so it holds no video. Was its recording or copy cut off?`);
  }
  return stats.isFile() ? input : { ...input, kind: "pipe" };
}

function statsOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? "does not exist" : `cannot be opened (${code})`;
    throw new InferometerError("SOURCE_NOT_FOUND", `${shown(path)} ${why}. Give the path of a video, a folder of pictures, a camera or an address.`, {
      cause,
    });
  }
}

/**
 * Grey out of a plane of brightness from 16 to 235. It is what "format=gray" makes of it, to the bit, for a third of the decoder's whole work less
 * (CPU of ffmpeg for 795 pictures of 640x360: 1.04 s instead of 1.49, three runs in turns): swscale widens the range without vector instructions.
 */
const GREY_OF_STUDIO_LUMA = "extractplanes=y,lut=c0=clip((val-16)*255/219+0.5\\,0\\,255)";

export interface FilterOptions extends Pick<SourceOpenOptions, "width" | "height" | "pixelFormat"> {
  /** The input is known to have its brightness in a plane of bytes from 16 to 235. Default false. */
  readonly studioLuma?: boolean;
}

/** The filters that bring pictures into the form wanted, with showinfo last: it tells of each picture as it leaves. */
export function pictureFilters({ width, height, pixelFormat = "rgb24", studioLuma = false }: FilterOptions): string {
  // area: detectors ask for smaller pictures as a rule, and the mean of what a pixel covers neither rings nor flickers.
  const scale = width === undefined && height === undefined ? [] : [`scale=${width ?? -1}:${height ?? -1}:flags=area`];
  const format = pixelFormat === "gray8" ? (studioLuma ? GREY_OF_STUDIO_LUMA : "format=gray") : "format=rgb24";
  return [...scale, format, "showinfo=checksum=0"].join(",");
}

export function bytesOf({
  width,
  height,
  pixelFormat = "rgb24",
}: {
  width: number;
  height: number;
  pixelFormat?: SourceOpenOptions["pixelFormat"];
}): number {
  return width * height * (pixelFormat === "gray8" ? 1 : 3);
}
