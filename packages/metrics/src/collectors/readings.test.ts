import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Registry } from "../core/registry.ts";
import { Facts, Readings } from "./readings.ts";

function setUp(): { registry: Registry; readings: Readings; read: (set: () => void) => void } {
  const [registry, readings] = [new Registry({ lint: "throw" }), new Readings()];
  readings.register(registry, () => {});
  const read = (set: () => void): void => {
    readings.begin();
    set();
    readings.end();
  };
  return { registry, readings, read };
}

const names = (registry: Registry): string[] => registry.snapshot().families.map(({ name }) => name);

describe("Readings", () => {
  it("registers a metric when it first has a value", () => {
    const { registry, readings, read } = setUp();
    const load = readings.gauge("node_load1", "Load.");
    assert.deepEqual(names(registry), []);
    read(() => load.set(0.5));
    assert.equal(registry.snapshot().value("node_load1"), 0.5);
  });

  it("takes away a metric without labels that a reading does not set, and brings it back", () => {
    const { registry, readings, read } = setUp();
    const forks = readings.counter("node_forks_total", "Forks.");
    read(() => forks.set(5));
    read(() => {});
    assert.deepEqual(names(registry), []);
    read(() => forks.set(7));
    assert.equal(registry.snapshot().value("node_forks_total"), 7);
  });

  it("takes away the series that a reading does not set, and no other", () => {
    const { registry, readings, read } = setUp();
    const bytes = readings.counters("node_network_receive_bytes_total", { help: "Bytes.", labels: ["device"] });
    const [eth0, eth1] = [bytes.of("eth0"), bytes.of("eth1")];
    read(() => {
      eth0.set(1);
      eth1.set(2);
    });
    read(() => eth1.set(3));
    const snapshot = registry.snapshot();
    assert.equal(snapshot.value("node_network_receive_bytes_total", { device: "eth0" }), undefined);
    assert.equal(snapshot.value("node_network_receive_bytes_total", { device: "eth1" }), 3);
  });

  it("takes NaN for a value that is not known", () => {
    const { registry, readings, read } = setUp();
    const speed = readings.gauge("node_network_speed_bytes", "Speed.");
    read(() => speed.set(1));
    read(() => speed.set(Number.NaN));
    assert.equal(registry.snapshot().value("node_network_speed_bytes"), undefined);
  });

  it("lets another object take over a series without a gap", () => {
    const { registry, readings, read } = setUp();
    const info = readings.gauges("node_disk_info", { help: "Disk.", labels: ["device"] });
    const [before, now] = [info.of("sda"), info.of("sda")];
    read(() => before.set(1));
    read(() => now.set(1));
    read(() => now.set(1));
    assert.equal(registry.snapshot().value("node_disk_info", { device: "sda" }), 1);
  });

  it("follows a counter that began anew", () => {
    const { registry, readings, read } = setUp();
    const packets = readings.counter("node_network_receive_packets_total", "Packets.");
    read(() => packets.set(100));
    read(() => packets.set(3));
    assert.equal(registry.snapshot().value("node_network_receive_packets_total"), 3);
  });

  it("replaces facts that have changed", () => {
    const { registry, readings, read } = setUp();
    const facts = new Facts(readings.gauges("node_uname_info", { help: "Name.", labels: ["sysname", "nodename"] }), "Linux");
    read(() => facts.say("old"));
    read(() => facts.say("new"));
    const family = registry.snapshot().get("node_uname_info")!;
    assert.deepEqual([family.length, family.labels(0), family.value(0)], [1, { sysname: "Linux", nodename: "new" }, 1]);
  });

  it("takes back on close what was registered late, since the registry does not know whose it is", () => {
    const { registry, readings, read } = setUp();
    const late = readings.gauge("node_pressure", "Late.");
    read(() => late.set(1));
    readings.close();
    assert.deepEqual(names(registry), []);
  });
});
