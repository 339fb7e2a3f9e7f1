import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { ManualClock } from "../core/clock.ts";
import { FixtureTree } from "./fixture-tree.test-kit.ts";
import { KernelFiles } from "./kernel-file.ts";
import { Outpost } from "./outpost.ts";
import { SensorFiles } from "./sensor-files.ts";

const posix = process.platform === "win32" ? { skip: "needs a shell" } : {};
const MINUTE = 60_000;

/** A clock that goes on by some time each time it is asked: a machine whose every step takes that long. */
class SlowClock extends ManualClock {
  stepMs = 0;

  override now(): number {
    this.advance(this.stepMs);
    return super.now();
  }
}

function setUp(tree: FixtureTree, behind: "registers" | "device" = "registers"): { sensors: SensorFiles; clock: SlowClock; outpost: Outpost } {
  tree.write("a", "55000\n");
  tree.write("b", "-3\n");
  const clock = new SlowClock();
  const outpost = new Outpost({ clock, deadlineMs: 5000 });
  const paths = ["a", "b", "missing"].map((name) => join(tree.path, name));
  return { sensors: new SensorFiles(paths, { files: new KernelFiles(), outpost, clock, behind }), clock, outpost };
}

async function answered(sensors: SensorFiles): Promise<void> {
  for (const deadline = performance.now() + 10_000; Number.isNaN(sensors.values[0]!); await setTimeout(5)) {
    assert.ok(performance.now() < deadline, "no answer in 10 s");
    sensors.read();
  }
}

describe("SensorFiles", posix, () => {
  it("reads quick files at once; what cannot be read is NaN", () => {
    using tree = new FixtureTree();
    const { sensors } = setUp(tree);
    sensors.read();
    assert.deepEqual([...sensors.values], [55000, -3, Number.NaN]);
    tree.write("a", "56000\n");
    sensors.read();
    assert.equal(sensors.values[0], 56000);
    sensors.close();
  });

  it("leaves devices to a child, does not wait for it, and asks it once a minute", async () => {
    using tree = new FixtureTree();
    const { sensors, clock, outpost } = setUp(tree, "device");
    sensors.read();
    assert.deepEqual([...sensors.values], [Number.NaN, Number.NaN, Number.NaN]);
    await answered(sensors);
    assert.deepEqual([...sensors.values], [55000, -3, Number.NaN]);
    tree.write("a", "60000\n");
    sensors.read();
    assert.equal(sensors.values[0], 55000, "the answer of this minute");
    clock.advance(MINUTE);
    for (const deadline = performance.now() + 10_000; sensors.values.indexOf(60000) === -1; await setTimeout(5)) {
      assert.ok(performance.now() < deadline);
      sensors.read();
    }
    outpost.close();
  });

  it("leaves files that are slow again and again to a child, but not those that were slow once", async () => {
    using tree = new FixtureTree();
    const { sensors, clock, outpost } = setUp(tree);
    clock.stepMs = 2;
    sensors.read();
    tree.write("a", "1\n");
    sensors.read();
    assert.equal(sensors.values[0], 1, "still read here");
    clock.stepMs = 20;
    sensors.read();
    clock.stepMs = 0;
    tree.write("a", "2\n");
    sensors.read();
    assert.notEqual(sensors.values[0], 2, "no longer read here");
    for (const deadline = performance.now() + 10_000; sensors.values.indexOf(2) === -1; await setTimeout(5)) {
      assert.ok(performance.now() < deadline);
      sensors.read();
    }
    outpost.close();
  });

  it("forgets values that are too old, and says that the sensors do not answer", async () => {
    using tree = new FixtureTree();
    const { sensors, clock, outpost } = setUp(tree, "device");
    sensors.read();
    await answered(sensors);
    outpost.close(); // nobody answers from now on
    clock.advance(MINUTE);
    sensors.read();
    assert.equal(sensors.values[0], 55000);
    clock.advance(3 * MINUTE);
    assert.throws(() => sensors.read(), /do not answer/);
    assert.deepEqual([...sensors.values], [Number.NaN, Number.NaN, Number.NaN]);
  });
});
