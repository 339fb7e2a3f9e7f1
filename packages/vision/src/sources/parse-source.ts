import { statSync } from "node:fs";
import { InferometerError } from "@inferometer/metrics";
import type { SourceSpec } from "./create-source.ts";
import type { RedisSpec } from "./redis-source.ts";
import { withoutSecrets } from "./secrets.ts";
import type { SyntheticSpec } from "./synthetic-source.ts";

const FORMS = `Write a path ("street.mp4"), a folder of pictures ("frames/"), a camera ("/dev/video0"), an address ("rtsp://host/stream"), \
a stream in Redis ("redis://host:6379/camera?group=detect") or "synthetic:frames=300".`;
const STREAMED = /^(rtsps?|rtmps?|https?|srt|udp|rtp|tcp):$/;
const SYNTHETIC_NUMBERS = "frames width height framesPerSecond seed lanes walkersPerLane crossEverySeconds emptySeconds noise drift shake".split(" ");

/**
 * Reads what a user types for a source. Throws SOURCE_INVALID, with the forms that there are, for what is none of them. Whether a video is there
 * is found out when it is opened.
 *
 * @example
 * parseSource("redis://localhost:6379/camera?group=detect"); // { kind: "redis", url: "redis://localhost:6379", stream: "camera", group: "detect" }
 */
export function parseSource(text: string): SourceSpec {
  if (text.trim() === "" || text.includes("\0")) throw invalid(text, "it names nothing");
  if (/^synthetic(:|$)/.test(text)) return synthetic(text);
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === "redis:" || scheme === "rediss:") return redis(text);
  if (scheme !== undefined && scheme !== "file:") {
    if (!STREAMED.test(scheme)) throw invalid(text, `${scheme}// is no address of pictures that is known`);
    return { kind: "video", input: text };
  }
  const path = text.replace(/^file:(\/\/)?/i, "");
  return isFolder(path) ? { kind: "images", folder: path } : { kind: "video", input: path };
}

function isFolder(path: string): boolean {
  return path.endsWith("/") || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
}

function redis(text: string): RedisSpec {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalid(text, "it is no address");
  }
  const stream = decodeURIComponent(url.pathname.slice(1));
  if (stream === "") throw invalid(text, "it names no stream");
  const query = Object.fromEntries(url.searchParams);
  const { db, mode, group, consumer, from, color } = query;
  const unknown = Object.keys(query).find((key) => !["db", "mode", "group", "consumer", "from", "color"].includes(key));
  if (unknown !== undefined) throw invalid(text, `"${unknown}" is none of db, mode, group, consumer, from, color`);
  if (mode !== undefined && mode !== "latest" && mode !== "group") throw invalid(text, `mode is "${mode}", not latest or group`);
  if (from !== undefined && from !== "oldest" && from !== "new") throw invalid(text, `from is "${from}", not oldest or new`);
  if (color !== undefined && color !== "bgr" && color !== "rgb") throw invalid(text, `color is "${color}", not bgr or rgb`);
  url.pathname = db === undefined ? "" : `/${db}`;
  url.search = "";
  const optional = { mode, group, consumer, from, color } as Partial<RedisSpec>;
  return { kind: "redis", url: url.href.replace(/\/$/, ""), stream, ...defined(optional) };
}

function synthetic(text: string): SyntheticSpec {
  const spec: Record<string, unknown> = { kind: "synthetic" };
  for (const part of text.slice("synthetic:".length).split(/[,&]/)) {
    if (part === "") continue;
    const [key = "", value] = part.split("=", 2);
    if (key === "live" && (value === undefined || value === "true")) spec[key] = true;
    else if (key === "figures" && ["person", "box", "mixed"].includes(value ?? "")) spec[key] = value;
    else if (SYNTHETIC_NUMBERS.includes(key) && value !== undefined && value !== "" && Number.isFinite(Number(value))) spec[key] = Number(value);
    else throw invalid(text, `"${part}" is not key=number with a key out of ${SYNTHETIC_NUMBERS.join(", ")}, nor live, nor figures=person|box|mixed`);
  }
  return spec as unknown as SyntheticSpec;
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

function invalid(text: string, why: string): InferometerError {
  return new InferometerError("SOURCE_INVALID", `${JSON.stringify(withoutSecrets(text))} is not a source: ${why}. ${FORMS}`);
}
