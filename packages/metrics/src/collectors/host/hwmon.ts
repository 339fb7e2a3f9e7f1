import { readdirSync, realpathSync } from "node:fs";
import type { Series } from "../readings.ts";
import { SensorFiles } from "../sensor-files.ts";
import { clean, type SensorFileName, sensorFile, sensorMetric } from "./hwmon-names.ts";
import type { HostPart } from "./part.ts";

/** Chips whose drivers only read registers. The others ask a bus, a disk or firmware, which may take its time, or hang. */
const REGISTERS = /^(coretemp|k10temp|k8temp|zenpower|fam15h_power|(cpu|soc|gpu)[-_a-z0-9]*thermal)$/;

interface Chip {
  readonly files: SensorFiles;
  readonly sensors: readonly { readonly series: Series; readonly divisor: number }[];
  /** Series that are always 1: the chip's name, the sensors' labels. */
  readonly facts: readonly Series[];
}

/** Sensors of /sys/class/hwmon: `node_hwmon_temp_celsius{chip,sensor}`, `_fan_rpm`, `_in_volts`, `_power_watt` …, `node_hwmon_chip_names`, `node_hwmon_sensor_label`. */
export const hwmon: HostPart = {
  name: "hwmon",
  open(host) {
    const names = host.readings.gauges("node_hwmon_chip_names", { help: "Name of a chip; always 1.", labels: ["chip", "chip_name"] });
    const labels = host.readings.gauges("node_hwmon_sensor_label", { help: "Label of a sensor; always 1.", labels: ["chip", "sensor", "label"] });
    const base = `${host.sysPath}/class/hwmon`;
    let layout: string | undefined;
    let chips: Chip[] = [];

    const open = (folder: string): Chip[] => {
      const path = `${base}/${folder}`;
      const name = host.files.peek(`${path}/name`);
      if (host.ignore.sensors.test(name)) return [];
      const chip = chipName(path, name);
      const files = sensorFiles(path);
      const labelOf = new Map<string, string>();
      for (const { sensor, property, path } of files) if (property === "label") labelOf.set(sensor, host.files.peek(path));
      const bare = new Set(files.filter(({ property }) => property === "").map(({ sensor }) => sensor));
      const found = files.flatMap((file) => {
        const metric = sensorMetric(file, bare.has(file.sensor) ? "bare" : "named");
        if (metric === undefined) return [];
        // A frequency goes by its label, as node_exporter has it: there are several clocks in a chip, and their numbers say nothing.
        const sensor = file.type === "freq" ? clean(labelOf.get(file.sensor) ?? "") || file.sensor : file.sensor;
        const options = { help: metric.help, labels: ["chip", "sensor"] };
        const family = metric.kind === "gauge" ? host.readings.gauges(metric.name, options) : host.readings.counters(metric.name, options);
        return [{ path: file.path, series: family.of(chip, sensor), divisor: metric.divisor }];
      });
      const paths = found.map(({ path }) => path);
      const facts = [...labelOf].flatMap(([sensor, label]) => (sensor.startsWith("freq") ? [] : [labels.of(chip, sensor, label)]));
      if (clean(name) !== "") facts.push(names.of(chip, clean(name)));
      const behind = REGISTERS.test(name) ? "registers" : "device";
      return [{ files: new SensorFiles(paths, { ...host, behind }), sensors: found, facts }];
    };

    return () => {
      const folders = readdirSync(base);
      if (folders.join() !== layout) {
        for (const { files } of chips) files.close();
        chips = folders.flatMap(open);
        layout = folders.join();
      }
      let failure: unknown;
      for (const { files, sensors, facts } of chips) {
        for (const fact of facts) fact.set(1);
        try {
          files.read();
        } catch (error) {
          failure = error; // one chip that hangs takes nothing from the others
        }
        for (let k = 0; k < sensors.length; k++) sensors[k]!.series.set(files.values[k]! / sensors[k]!.divisor);
      }
      if (failure !== undefined) throw failure;
    };
  },
};

/** The chip's place in the machine, such as platform_coretemp_0: hwmon's own numbers change from boot to boot, and names are not unique. */
function chipName(path: string, name: string): string {
  try {
    const [device = "", bus = ""] = realpathSync(`${path}/device`).split("/").reverse().map(clean);
    if (device !== "") return bus === "" ? device : `${bus}_${device}`;
  } catch {
    // A virtual chip has no device.
  }
  return clean(name) || clean(path.slice(path.lastIndexOf("/") + 1));
}

/** Sensors' files of a chip; old kernels have them in the device's folder. */
function sensorFiles(path: string): (SensorFileName & { readonly path: string })[] {
  return [path, `${path}/device`].flatMap((folder) => {
    try {
      return readdirSync(folder).flatMap((file) => {
        const parsed = sensorFile(file);
        return parsed === undefined ? [] : [{ ...parsed, path: `${folder}/${file}` }];
      });
    } catch {
      return [];
    }
  });
}
