import { readFileSync } from "node:fs";

/** What udev found out about a device, such as ID_MODEL. */
export type UdevProperties = ReadonlyMap<string, string>;

/** Reads a file of udev's database; empty where there is none: in a container, or on a machine without udev. */
export function udevProperties(path: string): UdevProperties {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return new Map();
  }
  return new Map([...text.matchAll(/^E:([^=\n]+)=(.*)$/gm)].map(([, name, value]) => [name!, value!]));
}
