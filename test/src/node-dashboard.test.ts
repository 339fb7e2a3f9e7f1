// How much of the best-known dashboard for node_exporter shows data with host() and process().
import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry } from "@inferometer/metrics";
import { host, process } from "@inferometer/metrics/collectors";
import { DASHBOARD_1860, NOT_SERVED } from "./node-dashboard-names.ts";

const linux = globalThis.process.platform === "linux" ? {} : { skip: "needs Linux" };

interface Tree extends Disposable {
  readonly path: string;
  readonly procPath: string;
  readonly sysPath: string;
  read(path: string): string;
  write(path: string, text: string): void;
}

test("dashboard 1860 of grafana.com shows data in all panels but those that are known to lack it", linux, async () => {
  using tree = await machine();
  const registry = new Registry();
  const machineOf = host({ procPath: tree.procPath, sysPath: tree.sysPath, rootfs: tree.path });
  registry.register(machineOf, process());
  await machineOf.settled();
  const { snapshot } = await registry.collect();
  await registry.close();
  const told = new Set(snapshot.families.filter(({ length }) => length > 0).map(({ name }) => name));
  const lacking = DASHBOARD_1860.filter((name) => !told.has(name));
  assert.deepEqual(
    lacking.filter((name) => !NOT_SERVED.some(({ pattern }) => pattern.test(name))),
    [],
  );
  for (const { pattern } of NOT_SERVED)
    assert.ok(
      lacking.some((name) => pattern.test(name)),
      `${pattern} is served: take it off the list`,
    );
  assert.equal(new Set(DASHBOARD_1860).size, 208);
  assert.equal(DASHBOARD_1860.length - lacking.length, 191);
});

/** The recorded machine, with the files' fields that its record leaves out: kernels have them, and which ones are told is what matters. */
async function machine(): Promise<Tree> {
  const kit = new URL("../../packages/metrics/dist/collectors/fixture-tree.test-kit.js", import.meta.url);
  const { FixtureTree } = (await import(kit.href)) as { FixtureTree: new (name: string) => Tree };
  const tree = new FixtureTree("host/linux-6.8");
  const fields = DASHBOARD_1860.flatMap((name) => /^node_memory_(.+?)(_bytes)?$/.exec(name)?.[1] ?? []);
  const parted = (field: string): string => field.replace(/^(Active|Inactive)_(anon|file)$/, "$1($2)");
  tree.write("proc/meminfo", fields.map((field) => `${parted(field)}: 1024${field.startsWith("HugePages_") ? "" : " kB"}\n`).join(""));
  tree.write("proc/vmstat", `${tree.read("proc/vmstat")}pgpgout 1\npswpin 1\n`);
  tree.write(
    "proc/net/netstat",
    `${tree
      .read("proc/net/netstat")
      .replaceAll("TcpExt: ", "TcpExt: TCPOFOQueue TCPRcvQDrop ")
      .replace(/TcpExt: \w+ \w+ (?=\d)/, "TcpExt: 1 1 ")}`,
  );
  tree.write("sys/class/hwmon/hwmon0/temp1_crit_hyst", "90000\n");
  return tree;
}
