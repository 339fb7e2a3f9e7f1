/** How a sensor's file is told: the metric, and what to divide the file's number by. */
export interface SensorMetric {
  readonly name: string;
  readonly help: string;
  readonly divisor: number;
  readonly kind: "gauge" | "counter";
}

/** "temp1_crit_alarm" is type temp, number 1, property crit_alarm. */
export interface SensorFileName {
  readonly type: string;
  /** Type and number: "temp1". */
  readonly sensor: string;
  /** "" for the value itself where the file has no ending: pwm1. */
  readonly property: string;
}

const TYPES: ReadonlySet<string> = new Set(
  "vrm beep_enable update_interval in cpu fan pwm temp curr power energy humidity intrusion freq".split(" "),
);

/** What a file of a hwmon folder is about, or undefined for one that is no sensor's. */
export function sensorFile(file: string): SensorFileName | undefined {
  const [, type = "", number = "", property = ""] = /^([^0-9]+)([0-9]*)(?:_(.+))?$/.exec(file) ?? [];
  return TYPES.has(type) ? { type, sensor: `${type}${Number(number)}`, property } : undefined;
}

/** The metric of a sensor's file, under node_exporter's name; undefined for what is no number to tell. `bare`: the sensor has a file without property, too. */
export function sensorMetric({ type, property }: SensorFileName, bare: "bare" | "named"): SensorMetric | undefined {
  if (property === "label") return undefined;
  if (type === "beep_enable") return gauge("node_hwmon_beep_enabled", "Whether the chip beeps.");
  if (type === "vrm") return gauge("node_hwmon_voltage_regulator_version", "Version of the voltage regulator.");
  if (type === "update_interval") return gauge("node_hwmon_update_interval_seconds", "How often the chip measures, in seconds.", 1000);
  const input = property === "input" && bare === "named";
  const name = `node_hwmon_${type}${property === "" || input ? "" : `_${clean(property)}`}`;
  const what = property === "" ? type : `${type} ${property}`;
  if (property === "fault" || property === "alarm") return gauge(name, `Sensor says ${property} (${type}).`);
  if (property === "beep") return gauge(`${name}_enabled`, `Whether the chip beeps for it (${type}).`);
  if (type === "in" || type === "cpu") return gauge(`${name}_volts`, `Sensor's ${what}, in volts.`, 1000);
  if (type === "temp" && property !== "type") return gauge(`${name}_celsius`, `Sensor's ${what}, in degrees Celsius.`, 1000);
  if (type === "curr") return gauge(`${name}_amps`, `Sensor's ${what}, in amperes.`, 1000);
  if (type === "energy") return { ...gauge(`${name}_joule_total`, `Sensor's ${what}, in joules.`, 1_000_000), kind: "counter" };
  if (type === "power" && property === "accuracy") return gauge(name, "Accuracy of the power meter, as a ratio.", 1_000_000);
  if (type === "power" && /^average_interval(_min|_max)?$/.test(property)) return gauge(`${name}_seconds`, `Sensor's ${what}, in seconds.`, 1000);
  if (type === "power") return gauge(`${name}_watt`, `Sensor's ${what}, in watts.`, 1_000_000);
  if (type === "humidity") return gauge(name, `Sensor's ${what}, as a ratio.`, 1_000_000);
  if (type === "fan" && /^(input|min|max|target)$/.test(property)) return gauge(`${name}_rpm`, `Sensor's ${what}, in revolutions per minute.`);
  if (type === "freq" && property === "input") return gauge(`${name}_freq_mhz`, "Sensor's frequency, in megahertz.", 1_000_000);
  return gauge(name, `Sensor's ${what}.`);
}

const gauge = (name: string, help: string, divisor = 1): SensorMetric => ({ name, help, divisor, kind: "gauge" });

/** Lower case, and nothing that a metric's name may not hold. */
export function clean(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9:_]/g, "_")
    .replace(/^_+|_+$/g, "");
}
