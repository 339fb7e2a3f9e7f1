import { codecOf } from "./picture-decoder.ts";

/** A picture as it lies in a stream. */
export type RedisPicture =
  | { readonly kind: "compressed"; readonly bytes: Uint8Array; readonly epochSeconds: number | undefined }
  | {
      readonly kind: "raw";
      readonly bytes: Uint8Array;
      readonly width: number;
      readonly height: number;
      readonly channels: 1 | 3;
      readonly epochSeconds: number | undefined;
    };

/**
 * Reads the fields of an entry: `image_data` (base64) or `image` (bytes), `format` "jpeg" or "raw", for raw pictures `width`, `height`,
 * `channels` (1 or 3) and `dtype` "uint8", and `timestamp` in seconds since 1970. Undefined where that gives no picture.
 */
export function readRedisPicture(fields: ReadonlyMap<string, Uint8Array>): RedisPicture | undefined {
  const text = (name: string): string => Buffer.from(fields.get(name) ?? []).toString("utf8");
  const coded = fields.get("image_data");
  const bytes = fields.get("image") ?? (coded && Buffer.from(Buffer.from(coded).toString("latin1"), "base64"));
  if (bytes === undefined || bytes.length === 0) return undefined;
  const told = Number(text("timestamp"));
  const epochSeconds = text("timestamp") !== "" && Number.isFinite(told) ? told : undefined;
  const format = text("format").toLowerCase();
  if (format !== "raw" && codecOf(bytes) !== undefined) return { kind: "compressed", bytes, epochSeconds };
  if (format !== "raw" && format !== "") return undefined;
  const [width, height, channels] = [Number(text("width")), Number(text("height")), Number(text("channels") || "3")];
  const fits =
    Number.isSafeInteger(width) && width > 0 && height > 0 && (channels === 1 || channels === 3) && bytes.length === width * height * channels;
  if (!fits || !["", "uint8"].includes(text("dtype"))) return undefined;
  return { kind: "raw", bytes, width, height, channels, epochSeconds };
}

/** Writes a raw picture's pixels into `into`. `order`: which colour comes first in the picture. */
export function convertPixels(
  { bytes, channels }: { readonly bytes: Uint8Array; readonly channels: 1 | 3 },
  { into, pixelFormat, order }: { readonly into: Uint8Array; readonly pixelFormat: "rgb24" | "gray8"; readonly order: "bgr" | "rgb" },
): void {
  const pixels = bytes.length / channels;
  const [red, blue] = order === "bgr" ? [2, 0] : [0, 2];
  if (pixelFormat === "gray8") {
    if (channels === 1) into.set(bytes);
    // Weights of BT.601 in 256ths.
    else for (let i = 0, p = 0; i < pixels; i++, p += 3) into[i] = (77 * bytes[p + red]! + 150 * bytes[p + 1]! + 29 * bytes[p + blue]! + 128) >> 8;
  } else if (channels === 1) {
    for (let i = 0, p = 0; i < pixels; i++, p += 3) into[p] = into[p + 1] = into[p + 2] = bytes[i]!;
  } else if (order === "rgb") {
    into.set(bytes);
  } else {
    for (let p = 0; p < bytes.length; p += 3) {
      into[p] = bytes[p + 2]!;
      into[p + 1] = bytes[p + 1]!;
      into[p + 2] = bytes[p]!;
    }
  }
}

/** A raw picture as a PPM file, which ffmpeg scales. */
export function toPpm(picture: RedisPicture & { kind: "raw" }, order: "bgr" | "rgb"): Uint8Array {
  const header = Buffer.from(`P6\n${picture.width} ${picture.height}\n255\n`);
  const file = new Uint8Array(header.length + picture.width * picture.height * 3);
  file.set(header);
  convertPixels(picture, { into: file.subarray(header.length), pixelFormat: "rgb24", order });
  return file;
}
