import { type Clock, InferometerError, shown } from "@inferometer/metrics";
import type { Source } from "../types.ts";
import { ImagesSource, type ImagesSpec } from "./images-source.ts";
import { RedisSource, type RedisSpec } from "./redis-source.ts";
import { SyntheticSource, type SyntheticSpec } from "./synthetic-source.ts";
import { VideoSource, type VideoSpec } from "./video-source.ts";

/** A source as plain data, which can be sent to another thread. */
export type SourceSpec = VideoSpec | ImagesSpec | RedisSpec | SyntheticSpec;

/**
 * Makes a source. Nothing is opened yet; throws OPTION_INVALID and DURATION_INVALID for options that cannot be.
 *
 * @example
 * const source = createSource({ kind: "video", input: "street.mp4" });
 * const { width, height } = await source.open();
 * const picture = new Uint8Array(width * height * 3);
 * for (let stamp = await source.read(picture); stamp; stamp = await source.read(picture)) console.log(stamp.timestampSeconds);
 * await source.close();
 */
export function createSource(spec: SourceSpec, options: { readonly clock?: Clock } = {}): Source {
  switch (spec.kind) {
    case "video":
      return new VideoSource(spec, options);
    case "images":
      return new ImagesSource(spec);
    case "redis":
      return new RedisSource(spec, options);
    case "synthetic":
      return new SyntheticSource(spec, options);
    default:
      throw new InferometerError(
        "OPTION_INVALID",
        `A source of kind ${shown((spec as { kind: unknown }).kind)} is unknown. Kinds: video, images, redis, synthetic.`,
      );
  }
}
