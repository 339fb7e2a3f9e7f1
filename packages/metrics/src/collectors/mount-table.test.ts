import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseMounts, unescaped } from "./mount-table.ts";

describe("parseMounts", () => {
  it("reads a line with optional fields, and one without", () => {
    const [one, two] = parseMounts(
      "36 35 98:0 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue\n25 1 0:5 / /dev rw - devtmpfs udev rw,size=1k\n",
    );
    const { device, mountPoint, root, type, major, minor, readOnly, superOptions } = one!;
    assert.deepEqual([device, mountPoint, root, type, major, minor, readOnly], ["/dev/root", "/mnt2", "/mnt1", "ext3", "98", "0", false]);
    assert.deepEqual(superOptions, ["rw", "errors=continue"]);
    assert.deepEqual([two!.device, two!.mountPoint, two!.type], ["udev", "/dev", "devtmpfs"]);
  });

  it("knows a file system that is read-only by its mount, by itself, or after an error", () => {
    const readOnly = (options: string, superOptions: string): boolean =>
      parseMounts(`1 0 8:1 / /x ${options} - ext4 /dev/sda1 ${superOptions}\n`)[0]!.readOnly;
    assert.deepEqual(
      [readOnly("ro,nosuid", "rw"), readOnly("rw", "ro"), readOnly("rw", "rw,emergency_ro"), readOnly("rw,errors=remount-ro", "rw,nro")],
      [true, true, true, false],
    );
  });

  it("leaves out lines that are none", () => {
    assert.deepEqual(parseMounts("\n36 35 98:0 / /x rw shared:1\nnothing\n"), []);
  });

  it("takes a device without a name and super options that are missing", () => {
    const [mount] = parseMounts("40 1 0:40 / /x rw - tmpfs none\n");
    assert.deepEqual([mount!.device, mount!.superOptions], ["none", [""]]);
  });
});

it("unescapes what the kernel escapes, and nothing else", () => {
  assert.equal(unescaped("a\\040b\\011c\\012d\\134040e\\9"), "a b\tc\nd\\040e\\9");
});
