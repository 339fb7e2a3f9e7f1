import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL } from "./choice.ts";
import { Machine, type MachineOptions } from "./machine.ts";

const options: MachineOptions = { nvidia: false, ignore: {}, procPath: "/proc", sysPath: "/sys", rootfs: "/" };
const machine = (): Machine => new Machine({ parts: ["loadavg", "time", "uname"], beside: ["process"] }, options);

test("a selection has its own collectors only", { skip: process.platform !== "linux" }, async () => {
  await using all = machine();
  const { snapshot } = await all.select({ collect: ["time"], exclude: [] }).collect();
  assert.ok(snapshot.get("node_time_seconds") !== undefined);
  assert.deepEqual([snapshot.get("node_load1"), snapshot.get("process_resident_memory_bytes")], [undefined, undefined]);
  const rest = (await all.select({ collect: [], exclude: ["host"] }).collect()).snapshot;
  assert.ok(rest.get("process_resident_memory_bytes") !== undefined);
  assert.equal(rest.get("node_time_seconds"), undefined);
});

test("the same selection is the same registry, and all of it is the whole one", async () => {
  await using all = machine();
  assert.equal(all.select({ collect: ["time", "uname"], exclude: [] }), all.select({ collect: ["uname", "time"], exclude: [] }));
  assert.equal(all.select({ collect: ["host", "process"], exclude: [] }), all.registry);
  assert.equal(all.select({ collect: ["time"], exclude: ["uname"] }), all.select({ collect: ["time"], exclude: [] }));
});

test("selections beyond eight close the one that was asked for longest ago", async () => {
  await using all = new Machine({ parts: ALL.parts.slice(0, 12), beside: [] }, options);
  const first = all.select({ collect: [ALL.parts[0]!], exclude: [] });
  const second = all.select({ collect: [ALL.parts[1]!], exclude: [] });
  for (const part of ALL.parts.slice(2, 8)) all.select({ collect: [part], exclude: [] });
  assert.equal(all.select({ collect: [ALL.parts[0]!], exclude: [] }), first, "all eight are kept");
  all.select({ collect: [ALL.parts[8]!], exclude: [] });
  assert.equal(all.select({ collect: [ALL.parts[0]!], exclude: [] }), first);
  assert.notEqual(all.select({ collect: [ALL.parts[1]!], exclude: [] }), second);
});

test("what a selection does not know is an error, not an empty answer", async () => {
  await using all = machine();
  assert.throws(() => all.select({ collect: ["gpu"], exclude: [] }), { code: "OPTION_INVALID", message: /This agent has no collector "gpu"/ });
});
