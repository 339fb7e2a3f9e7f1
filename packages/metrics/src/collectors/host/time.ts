import { readdirSync } from "node:fs";
import type { KernelFile } from "../kernel-file.ts";
import type { Series } from "../readings.ts";
import type { HostContext, HostPart } from "./part.ts";

/** `node_time_seconds`, `node_time_zone_offset_seconds{time_zone}`, and the kernel's clock sources. */
export const time: HostPart = {
  name: "time",
  open(host) {
    const now = wallClock(host);
    const sources = clockSources(host);
    return () => {
      now();
      sources();
    };
  },
};

/** The part that every system has. */
export function wallClock({ readings, clock }: HostContext): () => void {
  const seconds = readings.gauge("node_time_seconds", "The machine's time, in seconds since 1970.");
  const offset = readings.gauges("node_time_zone_offset_seconds", { help: "How far local time is ahead of UTC, in seconds.", labels: ["time_zone"] });
  let series: Series | undefined;
  let minutes = Number.NaN;
  return () => {
    const time = clock.time();
    seconds.set(time);
    const date = new Date(time * 1000);
    const ahead = 0 - date.getTimezoneOffset(); // not -0
    // The zone's name changes when the offset does: in summer.
    if (series === undefined || ahead !== minutes) series = offset.of(zoneName(date));
    minutes = ahead;
    series.set(ahead * 60);
  };
}

/** "UTC", "CEST", "PDT": what the C library calls the zone. Intl knows such a name only in a language of the place. */
function zoneName(date: Date): string {
  const names = ["en-US", "en-GB", "en-AU"].map(
    (locale) =>
      new Intl.DateTimeFormat(locale, { timeZoneName: "short" }).formatToParts(date).find(({ type }) => type === "timeZoneName")?.value ?? "",
  );
  return names.find((name) => /^[A-Z]{2,5}$/.test(name)) ?? names[0] ?? "";
}

function clockSources({ readings, sysPath, files }: HostContext): () => void {
  const labels = ["device", "clocksource"];
  const available = readings.gauges("node_time_clocksource_available_info", { help: "Clock sources at hand; always 1.", labels });
  const current = readings.gauges("node_time_clocksource_current_info", { help: "The clock source in use; always 1.", labels });
  const base = `${sysPath}/devices/system/clocksource`;
  const watched = folders(base).map((name) => {
    const device = name.slice("clocksource".length);
    const of = (file: string): KernelFile => files.attribute(`${base}/${name}/${file}`);
    return { device, available: of("available_clocksource"), current: of("current_clocksource"), said: "", series: [] as Series[] };
  });
  return () => {
    for (const one of watched) {
      const now = `${one.available.string()}|${one.current.string()}`;
      if (now !== one.said) {
        const [all = "", used = ""] = now.split("|");
        one.series = all.split(" ").flatMap((source) => (source === "" ? [] : [available.of(one.device, source)]));
        if (used !== "") one.series.push(current.of(one.device, used));
        one.said = now;
      }
      for (const series of one.series) series.set(1);
    }
  };
}

function folders(base: string): string[] {
  try {
    return readdirSync(base).filter((name) => /^clocksource\d+$/.test(name));
  } catch {
    return [];
  }
}
