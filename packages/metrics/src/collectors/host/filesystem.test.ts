import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { HostReading, type Values } from "./host-reading.test-kit.ts";

const posix = process.platform === "win32" ? { skip: "needs a shell" } : {};
const linux = process.platform === "linux" ? {} : { skip: "names of files are bytes on Linux only" };
const HALF_MINUTE = 30_000;

const line = (point: string, type: string, device = "/dev/x", options = "rw"): string => `40 1 0:40 / ${point} ${options} - ${type} ${device} rw\n`;

/** Puts a `stat` of our own first on PATH while a test runs. */
class FakeStat implements Disposable {
  readonly #path: string | undefined = process.env["PATH"];

  constructor(tree: FixtureTree, script: string) {
    tree.write("bin/stat", `#!/bin/sh\n${script}\n`);
    chmodSync(join(tree.path, "bin/stat"), 0o755);
    process.env["PATH"] = `${join(tree.path, "bin")}:${this.#path}`;
  }

  [Symbol.dispose](): void {
    process.env["PATH"] = this.#path;
  }
}

function reading(tree: FixtureTree, mountinfo: string): HostReading {
  tree.write("proc/self/mountinfo", mountinfo);
  return new HostReading(tree, { include: ["filesystem"] });
}

async function scrapeUntil(reading: HostReading, wanted: (values: Values) => boolean): Promise<Values> {
  for (const deadline = performance.now() + 10_000; ; await setTimeout(5)) {
    const values = await reading.scrape();
    if (wanted(values)) return values;
    assert.ok(performance.now() < deadline, JSON.stringify([...values]));
  }
}

const SIZE = 'node_filesystem_size_bytes{device="server:/",mountpoint="/data",fstype="nfs4"}';
const ERROR = 'node_filesystem_device_error{device="server:/",mountpoint="/data",fstype="nfs4"';

describe("host()'s file systems", posix, () => {
  it("asks a network's file system by a child, tells its answer, and asks again after half a minute", async () => {
    using tree = new FixtureTree();
    using _ = new FakeStat(tree, 'echo "1024 100 50 40 10 5"; echo x >> "$(dirname "$0")/asked"');
    await using host = reading(tree, line("/data", "nfs4", "server:/"));
    const values = await scrapeUntil(host, (values) => values.has(SIZE));
    const of = (name: string) => values.get(SIZE.replace("size_bytes", name));
    assert.deepEqual([of("size_bytes"), of("free_bytes"), of("avail_bytes"), of("files"), of("files_free")], [102_400, 51_200, 40_960, 10, 5]);
    assert.equal(values.get(`${ERROR}}`), 0);
    await host.scrape();
    assert.equal(tree.read("bin/asked"), "x\n");
    host.clock.advance(HALF_MINUTE);
    await host.scrape();
    for (const deadline = performance.now() + 10_000; tree.read("bin/asked") !== "x\nx\n"; await setTimeout(5))
      assert.ok(performance.now() < deadline);
  });

  it("can be waited for by who asks only once", async () => {
    using tree = new FixtureTree();
    using _ = new FakeStat(tree, 'echo "1024 100 50 40 10 5"');
    await using host = reading(tree, line("/data", "nfs4", "server:/"));
    await host.host.settled();
    assert.equal((await host.scrape()).get(SIZE), 102_400);
  });

  it("does not wait for one that hangs: others are told, the last answer stands for three minutes, then it is an error", async () => {
    using tree = new FixtureTree();
    tree.write("tmp/x", "");
    using _ = new FakeStat(tree, 'test -e "$(dirname "$0")/hang" && exec sleep 600; echo "1024 100 50 40 10 5"');
    await using host = reading(tree, line("/data", "nfs4", "server:/") + line("/tmp", "tmpfs", "tmpfs"));
    await scrapeUntil(host, (values) => values.has(SIZE));
    tree.write("bin/hang", "");
    for (let minutes = 0; minutes < 3; minutes++) {
      host.clock.advance(60_000);
      const start = performance.now();
      const values = await host.scrape();
      assert.ok(performance.now() - start < 2000, "the scrape waited");
      assert.equal(values.get(SIZE), 102_400);
      assert.ok(values.has('node_filesystem_size_bytes{device="tmpfs",mountpoint="/tmp",fstype="tmpfs"}'));
    }
    host.clock.advance(1000);
    const values = await host.scrape();
    assert.equal(values.has(SIZE), false);
    assert.equal(values.get(`${ERROR},device_error="timeout"}`), 1);
    assert.equal(values.has(`${ERROR}}`), false);
    assert.equal(values.get('node_scrape_collector_success{collector="filesystem"}'), 1, "node_exporter's way: the mount is marked, not the part");
  });

  it("tells again when the server is back", async () => {
    using tree = new FixtureTree();
    using _ = new FakeStat(tree, 'test -e "$(dirname "$0")/up" || exit 1; echo "1024 100 50 40 10 5"');
    await using host = reading(tree, line("/data", "nfs4", "server:/"));
    await scrapeUntil(host, (values) => values.get(`${ERROR},device_error="stat failed"}`) === 1);
    tree.write("bin/up", "");
    host.clock.advance(HALF_MINUTE);
    const values = await scrapeUntil(host, (values) => values.has(SIZE));
    assert.deepEqual(
      [...values.keys()].filter((series) => series.startsWith(ERROR)),
      [`${ERROR}}`],
    );
  });

  it("ends a process at once whose mount hangs", () => {
    using tree = new FixtureTree();
    using _ = new FakeStat(tree, "exec sleep 600");
    tree.write("proc/self/mountinfo", line("/data", "nfs4", "server:/"));
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const code = `
      import { Registry } from ${url("../../core/registry.js")};
      import { host } from ${url("./host.js")};
      const registry = new Registry();
      registry.register(host({ procPath: ${JSON.stringify(tree.procPath)}, platform: "linux", include: ["filesystem"] }));
      await registry.collect();
      console.log(performance.now());
      process.on("exit", () => console.log(performance.now()));
    `;
    const { status, stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8", timeout: 20_000 });
    const [collected = 0, exit = Number.POSITIVE_INFINITY] = stdout.trim().split("\n").map(Number);
    assert.equal(status, 0);
    assert.ok(exit - collected < 2000, `took ${exit - collected} ms to exit`);
  });

  it("takes a disk below a network's folder for remote, too: the way there leads through the network", async () => {
    using tree = new FixtureTree();
    using _ = new FakeStat(tree, 'for last; do :; done; echo "$last" >> "$(dirname "$0")/asked"; echo "1024 100 50 40 10 5"');
    await using host = reading(
      tree,
      line("/net", "nfs", "server:/") + line("/net/disk", "ext4") + line("/network", "tmpfs") + line("/sys/fs/x", "ext4"),
    );
    const told = ["/net/disk", "/net"].map((point) => new RegExp(`^node_filesystem_size_bytes.*mountpoint="${point}"`));
    await scrapeUntil(host, (values) => told.every((wanted) => [...values.keys()].some((series) => wanted.test(series))));
    const asked = new Set(tree.read("bin/asked").trim().split("\n"));
    assert.deepEqual([...asked].sort(), [join(tree.path, "/net"), join(tree.path, "/net/disk")]);
  });

  it("marks a local one that cannot be asked", async () => {
    using tree = new FixtureTree();
    await using host = reading(tree, line("/gone", "ext4"));
    const values = await host.scrapeOf("node_filesystem_device_error");
    assert.deepEqual(values, { 'node_filesystem_device_error{device="/dev/x",mountpoint="/gone",fstype="ext4",device_error="ENOENT"}': 1 });
  });

  it("unescapes blanks, tells a mount that lies there twice once, and follows the table when it changes", async () => {
    using tree = new FixtureTree();
    mkdirSync(join(tree.path, "my disk"));
    await using host = reading(tree, line("/my\\040disk", "ext4") + line("/my\\040disk", "ext4", "/dev/x", "ro"));
    const name = 'node_filesystem_readonly{device="/dev/x",mountpoint="/my disk",fstype="ext4"}';
    assert.deepEqual(await host.scrapeOf("node_filesystem_readonly"), { [name]: 0 });
    tree.write("proc/self/mountinfo", line("/my\\040disk", "ext4", "/dev/x", "ro,nosuid"));
    assert.deepEqual(await host.scrapeOf("node_filesystem_readonly"), { [name]: 1 });
    tree.write("proc/self/mountinfo", "");
    assert.deepEqual(await host.scrapeOf("node_filesystem"), {});
  });

  it("reads mount points that are not UTF-8, and tells them apart", linux, async () => {
    using tree = new FixtureTree();
    const [one, two] = [0xff, 0xfe].map((byte) => Buffer.concat([Buffer.from(`${tree.path}/`), Buffer.from([0x61, byte])]));
    mkdirSync(one!);
    mkdirSync(two!);
    const table = (byte: number): string => line(`/a${String.fromCharCode(byte)}`, "ext4");
    tree.write("proc/self/mountinfo", Buffer.from(table(0xff) + table(0xfe) + line("/größe", "tmpfs"), "latin1"));
    await using host = new HostReading(tree, { include: ["filesystem"] });
    const values = await host.scrapeOf("node_filesystem_device_error");
    const points = Object.entries(values).map(([series, value]) => [/mountpoint="((?:[^"\\]|\\.)*)"/.exec(series)![1], value]);
    assert.deepEqual(points.sort(), [
      ["/a\\\\xfe", 0],
      ["/a\\\\xff", 0],
      ["/gr\\\\xf6\\\\xdfe", 1], // Latin-1 on the disk
    ]);
  });

  it("knows the machine's own mounts below rootfs, when it sees them in its own table", async () => {
    using tree = new FixtureTree();
    mkdirSync(join(tree.path, "var"));
    tree.write(
      "proc/self/mountinfo",
      line("/", "overlay") + line(tree.path, "ext4", "/dev/sda1") + line(`${tree.path}/var`, "xfs", "/dev/sdb1") + line("/etc/hosts", "ext4"),
    );
    await using host = new HostReading(tree, { include: ["filesystem"] });
    assert.deepEqual(await host.scrapeOf("node_filesystem_device_error"), {
      'node_filesystem_device_error{device="/dev/sda1",mountpoint="/",fstype="ext4"}': 0,
      'node_filesystem_device_error{device="/dev/sdb1",mountpoint="/var",fstype="xfs"}': 0,
    });
  });

  it("reads its own table where process 1 hides its", async () => {
    using tree = new FixtureTree();
    mkdirSync(join(tree.path, "proc/1/mountinfo"), { recursive: true }); // a folder: reading it fails
    tree.write("x/y", "");
    await using host = reading(tree, line("/x", "ext4"));
    assert.ok((await host.scrape()).has('node_filesystem_readonly{device="/dev/x",mountpoint="/x",fstype="ext4"}'));
  });
});
