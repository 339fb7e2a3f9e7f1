import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FixtureTree } from "./fixture-tree.test-kit.ts";
import { KernelFiles } from "./kernel-file.ts";

const linux = process.platform === "linux" ? {} : { skip: "needs /proc" };
const descriptors = (): number => readdirSync("/proc/self/fd").length;

describe("KernelFiles", () => {
  it("reads the same file again and again", () => {
    using tree = new FixtureTree();
    tree.write("value", "1\n");
    const files = new KernelFiles();
    const file = files.attribute(join(tree.path, "value"));
    assert.equal(file.number(), 1);
    tree.write("value", "22\n");
    assert.equal(file.read().uint(), 22);
    files.close();
  });

  it("says NaN and nothing for what cannot be read, but read() throws why", () => {
    const files = new KernelFiles();
    const file = files.attribute("/nowhere/at/all");
    assert.equal(file.number(), Number.NaN);
    assert.equal(file.string(), "");
    assert.equal(files.peek("/nowhere/at/all"), "");
    assert.throws(() => file.read(), { code: "ENOENT" });
  });

  it("keeps no more descriptors than it may, and none after close", linux, () => {
    using tree = new FixtureTree();
    const files = new KernelFiles({ keep: 3 });
    const before = descriptors();
    const all = Array.from({ length: 10 }, (_, k) => {
      tree.write(`f${k}`, `${k}\n`);
      return files.attribute(join(tree.path, `f${k}`));
    });
    for (let round = 0; round < 3; round++)
      assert.deepEqual(
        all.map((file) => file.number()),
        [...all.keys()],
      );
    assert.equal(descriptors(), before + 3);
    assert.equal(files.peek(join(tree.path, "f5")), "5");
    assert.equal(descriptors(), before + 3);
    files.close();
    assert.equal(descriptors(), before);
    assert.equal(all[0]!.number(), 0, "still readable");
    assert.equal(descriptors(), before);
  });

  it("opens a file anew when what was behind the old descriptor is gone", linux, async () => {
    const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
    await once(child, "spawn");
    const files = new KernelFiles();
    const file = files.file(`/proc/${child.pid}/stat`);
    assert.equal(file.read().uint(), child.pid);
    child.kill("SIGKILL");
    await once(child, "exit");
    assert.throws(() => file.read(), { code: "ENOENT" }); // reading the kept one says ESRCH; it is the name that is not there
    assert.throws(() => file.read(), { code: "ENOENT" });
    files.close();
  });
});
