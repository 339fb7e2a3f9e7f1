import { readFileSync } from "node:fs";
import { Facts, type Series } from "../readings.ts";
import type { HostPart } from "./part.ts";

const FIELDS = "build_id id id_like image_id image_version name pretty_name variant variant_id version version_codename version_id".split(" ");
/** A release changes when somebody upgrades. */
const EVERY_MS = 3_600_000;

/** What /etc/os-release says: `node_os_info{id,name,version …}`, `node_os_version`, `node_os_support_end_timestamp_seconds`. */
export const osRelease: HostPart = {
  name: "os",
  open({ readings, rootfs, clock }) {
    const info = new Facts(readings.gauges("node_os_info", { help: "Name and version of the system; always 1.", labels: FIELDS }));
    const help = "Major and minor version of the system, as a number.";
    const version = readings.gauges("node_os_version", { help, labels: ["id", "id_like", "name"] });
    const support = readings.gauge("node_os_support_end_timestamp_seconds", "When support for the system ends, in seconds since 1970.");
    let facts: string[] = [];
    let number: { readonly series: Series; readonly value: number } | undefined;
    let end = Number.NaN;
    let readAt = Number.NEGATIVE_INFINITY;
    return () => {
      if (clock.now() - readAt >= EVERY_MS) {
        const release = parseRelease(readRelease(rootfs));
        facts = FIELDS.map((field) => release.get(field.toUpperCase()) ?? "");
        const value = Number.parseFloat(release.get("VERSION_ID") ?? "");
        number = { series: version.of(release.get("ID") ?? "", release.get("ID_LIKE") ?? "", release.get("NAME") ?? ""), value };
        end = Date.parse(release.get("SUPPORT_END") ?? "") / 1000;
        readAt = clock.now();
      }
      info.say(...facts);
      number?.series.set(number.value);
      support.set(end);
    };
  },
};

function readRelease(rootfs: string): string {
  try {
    return readFileSync(`${rootfs}/etc/os-release`, "utf8");
  } catch {
    return readFileSync(`${rootfs}/usr/lib/os-release`, "utf8");
  }
}

/** Assignments as a shell reads them, as far as os-release(5) allows them: quotes, and a backslash before what it protects. */
function parseRelease(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name, value] of text.matchAll(/^\s*([A-Z][A-Z0-9_]*)=(.*?)\s*$/gm)) {
    const bare = /^(["'])(.*)\1$/.exec(value!)?.[2] ?? value!;
    found.set(name!, bare.replace(/\\(["'$`\\])/g, "$1"));
  }
  return found;
}
