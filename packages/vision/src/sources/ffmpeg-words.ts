/** What a line of ffmpeg's log tells. */
export type FfmpegWord =
  /** A picture has left the last filter; its bytes follow. `seconds` is undefined where the stream has no timestamps. */
  | { readonly kind: "picture"; readonly seconds: number | undefined; readonly width: number; readonly height: number }
  | { readonly kind: "duration"; readonly seconds: number }
  /** Exact, but where the distance of pictures varies it may be that of the finest ones. */
  | { readonly kind: "rate"; readonly framesPerSecond: number }
  /** Of a video in the input, or of what is written. The rate is rounded to two places. `studioLuma`: brightness in a plane of bytes, from 16 to 235. */
  | { readonly kind: "stream"; readonly framesPerSecond: number | undefined; readonly studioLuma: boolean }
  /** `lost`: a picture that will never come. */
  | { readonly kind: "trouble"; readonly type: DecodeErrorType; readonly lost: boolean }
  /** `inData`: said by a decoder or demuxer of the data, not by ffmpeg of itself. */
  | { readonly kind: "complaint"; readonly text: string; readonly inData: boolean };

/** The closed set of the label `type` of decode errors. */
export type DecodeErrorType = "undecodable" | "corrupt_picture" | "corrupt_packet" | "truncated" | "bitstream";

const TROUBLES: readonly (readonly [RegExp, DecodeErrorType])[] = [
  // ffmpeg up to 6, and from 7 on. One line for each packet that gave no picture.
  [/Error while decoding stream #|Error submitting (a )?packet to (the )?decoder/, "undecodable"],
  [/corrupt decoded frame/, "corrupt_picture"],
  [/corrupt input packet/, "corrupt_packet"],
  [/partial file|ended prematurely|truncat/i, "truncated"],
];

/**
 * Reads one line of ffmpeg's log at `-loglevel level+info` with the filter showinfo last. Lines are known by what is in them, not by how
 * they begin: with several decoder threads one thread's words may be put behind another's.
 */
export function readFfmpegLine(line: string): FfmpegWord | undefined {
  const picture = / n: *\d+ pts: *\S+ pts_time:(\S+) .* s:(\d+)x(\d+) /.exec(line);
  if (picture !== null) {
    const seconds = Number(picture[1]);
    return { kind: "picture", seconds: Number.isFinite(seconds) ? seconds : undefined, width: Number(picture[2]), height: Number(picture[3]) };
  }
  const duration = /^\[info\] +Duration: (\d+):(\d+):(\d+\.\d+)/.exec(line);
  if (duration !== null) return { kind: "duration", seconds: Number(duration[1]) * 3600 + Number(duration[2]) * 60 + Number(duration[3]) };
  const rate = /config in time_base: .* frame_rate: (\d+)\/(\d+)/.exec(line);
  if (rate !== null) {
    const framesPerSecond = Number(rate[1]) / Number(rate[2]);
    return framesPerSecond > 0 && framesPerSecond <= 240 ? { kind: "rate", framesPerSecond } : undefined;
  }
  const stream = /^\[info\] +Stream #0:.* Video: (.*)/.exec(line)?.[1];
  if (stream !== undefined) {
    const average = Number(/, (\d+(?:\.\d+)?) fps/.exec(stream)?.[1] ?? 0);
    // "yuv420p(tv, bt709, progressive)"; without "tv" it is taken for it, as ffmpeg does.
    const format = /, yuv4\d\dp(?:\(([^)]*)\))?(?:,|$)/.exec(stream);
    return { kind: "stream", framesPerSecond: average > 0 ? average : undefined, studioLuma: format !== null && !/\bpc\b/.test(format[1] ?? "") };
  }
  const complaint = /\[(warning|error|fatal|panic)\] (.*)/.exec(line);
  if (complaint === null) return undefined;
  const trouble = TROUBLES.find(([pattern]) => pattern.test(line));
  if (trouble !== undefined) return { kind: "trouble", type: trouble[1], lost: trouble[1] === "undecodable" };
  if (complaint[1] === "warning") return undefined;
  // "[h264 @ 0x55d1]" before the level names who speaks; a protocol speaks of the connection.
  const inData = / @ 0x/.test(line) && !/^\[(tcp|udp|tls|https?|rtsp|rtmps?|srt|Parsed_)/.test(line);
  return { kind: "complaint", text: complaint[2]!.trim(), inData };
}
