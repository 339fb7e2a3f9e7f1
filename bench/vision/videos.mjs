// OpenCV's vtest.avi: people in a street, 795 frames of 768x576, ten a second. The other sizes are made of it once, H.264, and kept under .tools/.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { environment, whereIs } from "../../tools/programs.mjs";
import { provide } from "../../tools/system-packages.mjs";

const FRAMES = 795;
const FRAMES_PER_SECOND = 10;
const SIZES = { "640x360": "scale=640:360", "1280x720": "scale=1280:720" };
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Paths by size, and how many frames each has. ffmpeg is found on the PATH afterwards. Throws what to install, where it cannot be fetched. */
export function videos() {
  const missing = provide("start", console.log);
  if (missing.length > 0) throw new Error(`The vision suite needs ffmpeg and a video:\n${missing.join("\n")}`);
  process.env.PATH = environment().PATH;
  const original = whereIs("vtest.avi");
  const folder = `${root}.tools/bench/`;
  mkdirSync(folder, { recursive: true });
  const paths = Object.entries(SIZES).map(([size, filter]) => {
    const path = `${folder}vtest-${size}.mp4`;
    if (!existsSync(path)) encode(original, { filter, path });
    return [size, path];
  });
  return { frames: FRAMES, framesPerSecond: FRAMES_PER_SECOND, original, ...Object.fromEntries(paths) };
}

function encode(original, { filter, path }) {
  const partial = path.replace(".mp4", ".partial.mp4");
  const coding = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p"];
  const { status, stderr } = spawnSync("ffmpeg", ["-loglevel", "error", "-y", "-i", original, "-vf", filter, ...coding, partial]);
  if (status !== 0) throw new Error(`ffmpeg could not make ${path}: ${stderr}`);
  renameSync(partial, path);
}
