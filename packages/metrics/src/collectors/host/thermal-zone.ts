import { readdirSync } from "node:fs";
import type { Series } from "../readings.ts";
import { SensorFiles } from "../sensor-files.ts";
import type { HostContext, HostPart, Reader } from "./part.ts";

/** Zones and cooling devices whose drivers only read registers. The others (acpitz, iwlwifi …) ask firmware, which may take its time. */
const REGISTERS = /^(x86_pkg_temp|(cpu|soc|gpu|big|little)[-_a-z0-9]*(thermal|temp)?[-_0-9]*|Processor|intel_powerclamp|TCC Offset)$/;

/** `node_thermal_zone_temp{zone,type}` in °C, `node_cooling_device_{cur,max}_state{name,type}`. */
export const thermalZone: HostPart = {
  name: "thermal_zone",
  open(host) {
    const { readings } = host;
    const zone = readings.gauges("node_thermal_zone_temp", { help: "Temperature of a thermal zone, in degrees Celsius.", labels: ["zone", "type"] });
    const device = { labels: ["name", "type"] };
    const state = readings.gauges("node_cooling_device_cur_state", { help: "How hard a cooling device works.", ...device });
    const most = readings.gauges("node_cooling_device_max_state", { help: "How hard a cooling device can work.", ...device });
    return sensors(host, () => {
      const found: Sensor[] = [];
      for (const name of folders(host.sysPath)) {
        const [, kind, number = ""] = /^(thermal_zone|cooling_device)(\d+)$/.exec(name) ?? [];
        if (kind === undefined) continue;
        const path = `${host.sysPath}/class/thermal/${name}`;
        const type = host.files.peek(`${path}/type`);
        const behind = REGISTERS.test(type) ? "registers" : "device";
        if (kind === "thermal_zone") found.push({ path: `${path}/temp`, behind, series: zone.of(number, type), divisor: 1000 });
        else {
          found.push({ path: `${path}/cur_state`, behind, series: state.of(number, type), divisor: 1 });
          found.push({ path: `${path}/max_state`, behind, series: most.of(number, type), divisor: 1 });
        }
      }
      return found;
    });
  },
};

interface Sensor {
  readonly path: string;
  readonly behind: "registers" | "device";
  readonly series: Series;
  readonly divisor: number;
}

/** Reads sensors, and looks for them anew when the list of zones has changed. */
function sensors(host: HostContext, find: () => Sensor[]): Reader {
  let layout: string | undefined;
  let groups: { readonly files: SensorFiles; readonly sensors: readonly Sensor[] }[] = [];
  return () => {
    const now = folders(host.sysPath).join();
    if (now !== layout) {
      for (const { files } of groups) files.close();
      const found = find();
      groups = (["registers", "device"] as const).map((behind) => {
        const these = found.filter((sensor) => sensor.behind === behind);
        const paths = these.map(({ path }) => path);
        return { files: new SensorFiles(paths, { ...host, behind }), sensors: these };
      });
      layout = now;
    }
    for (const { files, sensors } of groups) {
      files.read();
      for (let k = 0; k < sensors.length; k++) sensors[k]!.series.set(files.values[k]! / sensors[k]!.divisor);
    }
  };
}

const folders = (sysPath: string): string[] => readdirSync(`${sysPath}/class/thermal`);
