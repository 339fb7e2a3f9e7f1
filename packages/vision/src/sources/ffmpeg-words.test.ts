import assert from "node:assert/strict";
import test from "node:test";
import { type FfmpegWord, readFfmpegLine } from "./ffmpeg-words.ts";

const INFO = "[Parsed_showinfo_2 @ 0x561198b96f80] [info]";
const LINES: readonly (readonly [string, FfmpegWord | undefined])[] = [
  [
    `${INFO} n:   1 pts:   1024 pts_time:0.1     pos:    55163 fmt:gray sar:0/1 s:320x180 i:P iskey:0 type:B `,
    { kind: "picture", seconds: 0.1, width: 320, height: 180 },
  ],
  // Without its prefix, when another thread had spoken before.
  [
    "[info] n:   3 pts:      4 pts_time:1e-05    pos:  2 fmt:rgb24 sar:1/1 s:16x8 i:P iskey:1 type:I ",
    { kind: "picture", seconds: 1e-5, width: 16, height: 8 },
  ],
  [
    `${INFO} n:   0 pts:    NOPTS pts_time:NOPTS   pos: -1 fmt:gray sar:0/1 s:8x8 i:P iskey:1 type:I `,
    { kind: "picture", seconds: undefined, width: 8, height: 8 },
  ],
  [`${INFO} config in time_base: 1/30000, frame_rate: 30000/1001`, { kind: "rate", framesPerSecond: 30000 / 1001 }],
  [`${INFO} config out time_base: 0/0, frame_rate: 0/0`, undefined],
  ["[info]   Duration: 01:01:19.50, start: 0.000000, bitrate: 195 kb/s", { kind: "duration", seconds: 3679.5 }],
  [
    "[info]   Stream #0:0[0x1](und): Video: h264 (High), yuv420p, 640x360, 194 kb/s, 29.97 fps, 30 tbr",
    { kind: "stream", framesPerSecond: 29.97, studioLuma: true },
  ],
  [
    "[info]   Stream #0:0: Video: h264 (High), yuv422p(tv, bt709, progressive), 640x360, 25 tbr",
    { kind: "stream", framesPerSecond: undefined, studioLuma: true },
  ],
  [
    "[info]   Stream #0:0: Video: mjpeg (Baseline), yuvj420p(pc, bt470bg/unknown/unknown), 640x360, 25 fps",
    { kind: "stream", framesPerSecond: 25, studioLuma: false },
  ],
  ["[info]   Stream #0:0: Video: h264, yuv420p(pc, bt709), 640x360, 25 fps", { kind: "stream", framesPerSecond: 25, studioLuma: false }],
  ["[info]   Stream #0:0: Video: hevc, yuv420p10le(tv), 640x360, 25 fps", { kind: "stream", framesPerSecond: 25, studioLuma: false }],
  ["[info]   Stream #0:0: Video: png, rgb24(pc), 64x48, 10 fps", { kind: "stream", framesPerSecond: 10, studioLuma: false }],
  [`${INFO} config in time_base: 1/1000, frame_rate: 1000/1`, undefined],
  ["[info]   Duration: N/A, bitrate: N/A", undefined],
  ["[error] Error while decoding stream #0:0: Invalid data found when processing input", { kind: "trouble", type: "undecodable", lost: true }],
  [
    "[vist#0:0/h264 @ 0x5] [dec:h264 @ 0x6] [error] Error submitting packet to decoder: Invalid data",
    { kind: "trouble", type: "undecodable", lost: true },
  ],
  ["[warning] flip.mp4: corrupt decoded frame in stream 0", { kind: "trouble", type: "corrupt_picture", lost: false }],
  ["[warning] half.avi: corrupt input packet in stream 0", { kind: "trouble", type: "corrupt_packet", lost: false }],
  ["[matroska,webm @ 0x55] [error] File ended prematurely", { kind: "trouble", type: "truncated", lost: false }],
  [
    "[h264 @ 0x55] [error] error while decoding MB 34 20, bytestream -5",
    { kind: "complaint", text: "error while decoding MB 34 20, bytestream -5", inData: true },
  ],
  ["[tcp @ 0x55] [error] Connection refused", { kind: "complaint", text: "Connection refused", inData: false }],
  ["[fatal] Stream map '0:V:0' matches no streams.", { kind: "complaint", text: "Stream map '0:V:0' matches no streams.", inData: false }],
  ["[h264 @ 0x55] [info] concealing 648 DC, 648 AC, 648 MV errors in P frame", undefined],
  ["", undefined],
];
for (const [line, word] of LINES) {
  test(`reads "${line.slice(0, 90)}"`, () => assert.deepEqual(readFfmpegLine(line), word));
}
