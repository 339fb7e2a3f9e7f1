import { type SyntheticOptions, SyntheticScene } from "../sources/index.ts";
import { VideoSource, type VideoSpec } from "../sources/video-source.ts";
import type { FrameStamp, Source, StreamInfo } from "../types.ts";

export type SourceSpec = VideoSpec | SyntheticSpec;
type SyntheticSpec = { readonly kind: "synthetic"; readonly frames?: number; readonly live?: boolean } & SyntheticOptions;

export function parseSource(text: string): SourceSpec {
  if (!text.startsWith("synthetic")) return { kind: "video", input: text };
  return { kind: "synthetic", frames: Number(text.split("=")[1] ?? 100) };
}

export function createSource(spec: SourceSpec): Source {
  if (spec.kind === "video") return new VideoSource(spec);
  const scene = new SyntheticScene(spec);
  let index = 0;
  return {
    name: "synthetic",
    live: spec.live === true,
    open: (): Promise<StreamInfo & { readonly frames?: number }> =>
      Promise.resolve({ ...scene.info, ...(spec.frames === undefined ? {} : { frames: spec.frames }) }),
    read: (into: Uint8Array): Promise<FrameStamp | undefined> => {
      if (index >= (spec.frames ?? Number.POSITIVE_INFINITY)) return Promise.resolve(undefined);
      scene.render(index, into);
      return Promise.resolve({ index, timestampSeconds: scene.timestampSeconds(index++) });
    },
    close: () => Promise.resolve(),
  };
}
