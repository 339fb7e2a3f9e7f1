import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { clean, sensorFile, sensorMetric } from "./hwmon-names.ts";

// By node_exporter's hwmon collector; node-exporter-judge.test.ts compares the most of them with the program itself.
const CASES: readonly (readonly [file: string, metric: string, divisor: number])[] = [
  ["temp1_input", "node_hwmon_temp_celsius", 1000],
  ["temp12_crit_alarm", "node_hwmon_temp_crit_alarm_celsius", 1000],
  ["temp1_alarm", "node_hwmon_temp_alarm", 1],
  ["temp1_fault", "node_hwmon_temp_fault", 1],
  ["temp1_type", "node_hwmon_temp_type", 1],
  ["fan2_input", "node_hwmon_fan_rpm", 1],
  ["fan2_target", "node_hwmon_fan_target_rpm", 1],
  ["fan2_div", "node_hwmon_fan_div", 1],
  ["fan1_beep", "node_hwmon_fan_beep_enabled", 1],
  ["in0_max", "node_hwmon_in_max_volts", 1000],
  ["cpu0_vid", "node_hwmon_cpu_vid_volts", 1000],
  ["curr1_input", "node_hwmon_curr_amps", 1000],
  ["energy1_input", "node_hwmon_energy_joule_total", 1_000_000],
  ["power1_input", "node_hwmon_power_watt", 1_000_000],
  ["power1_average_interval_max", "node_hwmon_power_average_interval_max_seconds", 1000],
  ["power1_accuracy", "node_hwmon_power_accuracy", 1_000_000],
  ["humidity1_input", "node_hwmon_humidity", 1_000_000],
  ["freq2_input", "node_hwmon_freq_freq_mhz", 1_000_000],
  ["pwm1", "node_hwmon_pwm", 1],
  ["pwm1_auto_point1_temp", "node_hwmon_pwm_auto_point1_temp", 1],
  ["intrusion0_alarm", "node_hwmon_intrusion_alarm", 1],
  ["beep_enable", "node_hwmon_beep_enabled", 1],
  ["update_interval", "node_hwmon_update_interval_seconds", 1000],
  ["vrm", "node_hwmon_voltage_regulator_version", 1],
];

describe("sensorMetric", () => {
  for (const [file, name, divisor] of CASES) {
    it(`tells ${file} as ${name}`, () => {
      const metric = sensorMetric(sensorFile(file)!, "named")!;
      assert.deepEqual([metric.name, metric.divisor, metric.kind], [name, divisor, name.endsWith("_total") ? "counter" : "gauge"]);
    });
  }

  it("keeps _input apart where the sensor has a file of its own name", () => {
    assert.equal(sensorMetric(sensorFile("pwm1_input")!, "bare")!.name, "node_hwmon_pwm_input");
  });

  it("tells no label, and knows no file that is not a sensor's", () => {
    assert.equal(sensorMetric(sensorFile("temp1_label")!, "named"), undefined);
    assert.deepEqual(
      ["uevent", "name", "device", "power", "3com"].map((file) => sensorFile(file)?.sensor),
      [undefined, undefined, undefined, "power0", undefined],
    );
  });
});

it("cleans names", () => {
  assert.deepEqual(["Core 0", "0000:01:00.0", "_X-"].map(clean), ["core_0", "0000:01:00_0", "x"]);
});
