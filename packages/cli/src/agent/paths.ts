import { accessSync, constants, readdirSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { shown } from "@inferometer/metrics";
import { UsageError } from "../usage-error.ts";

/** What is wrong, and the way out. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist. Check the path",
  ENOTDIR: "is not a folder. Check the path",
  EACCES: "this user may not read. Change its rights, or those of a folder above it",
};

/** The path of a file that is there and readable. Throws UsageError under the option's name, which nobody further down knows. */
export function fileOf(option: string, given: string, folder: string): string {
  const path = resolve(folder, given);
  const isFolder = asking(option, given, () => {
    accessSync(path, constants.R_OK);
    return statSync(path).isDirectory();
  });
  if (isFolder) throw new UsageError(`${option} is ${shown(given)}, which is a folder. Give a file.`);
  return path;
}

/** The path of a folder in which the machine's files are seen. An empty one, where nothing is mounted, would look like a machine without anything. */
export function mountOf(option: string, given: string, folder: string): string {
  const path = resolve(folder, given);
  if (asking(option, given, () => readdirSync(path)).length > 0) return path;
  throw new UsageError(`${option} is ${shown(given)}, which is empty: nothing is mounted there. Give the folder where the machine's files are.`);
}

function asking<T>(option: string, given: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    throw new UsageError(`${option} is ${shown(given)}, which ${REASONS[code] ?? `cannot be read (${code}). Check the path`}.`);
  }
}
