import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { env, platform } from "node:process";
import { InferometerError, shown } from "@inferometer/metrics";

const INSTALL = "Install it (Debian, Ubuntu: sudo apt-get install ffmpeg), or name it by the option ffmpeg or the variable FFMPEG_PATH.";

/** Path of ffmpeg: what the caller names, else FFMPEG_PATH, else the first on the PATH. Throws PROGRAM_MISSING. */
export function findFfmpeg(named: string | undefined = env["FFMPEG_PATH"] || undefined): string {
  const file = named ?? "ffmpeg";
  const paths = /[/\\]/.test(file) ? [file] : (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, file));
  const endings = platform === "win32" ? ["", ".exe"] : [""];
  for (const path of paths.flatMap((path) => endings.map((ending) => path + ending))) {
    if (runs(path)) return path;
  }
  const where = /[/\\]/.test(file) ? `${shown(file)} is not a program that can be run` : `no program ${shown(file)} is on the PATH`;
  throw new InferometerError("PROGRAM_MISSING", `Pictures are decoded by ffmpeg 5.1 or newer, and ${where}. ${INSTALL}`);
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
