import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * A folder tree as a machine shows it: /proc, /sys and some of its disk. Kept as one text file in fixtures/, laid out in a temporary folder, since
 * a checkout cannot hold all names and links that sysfs has.
 *
 *   == proc/loadavg                      a file; its text follows, up to the next ==
 *   == sys/class/hwmon/hwmon0/device -> ../../x    a link
 */
export class FixtureTree implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "fixture-"));

  /** @param name A file of fixtures/ without its ending, such as "host/linux-6.8"; none: an empty tree. */
  constructor(name?: string) {
    if (name === undefined) return;
    const text = readFileSync(fileURLToPath(new URL(`../../fixtures/${name}.txt`, import.meta.url)), "utf8");
    for (const part of text.split(/^== /m).slice(1)) {
      const end = part.indexOf("\n");
      const [path = "", target] = part.slice(0, end).split(" -> ");
      if (target === undefined) this.write(path, part.slice(end + 1));
      else this.link(path, target);
    }
  }

  get procPath(): string {
    return join(this.path, "proc");
  }

  get sysPath(): string {
    return join(this.path, "sys");
  }

  write(path: string, text: string | Uint8Array): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    writeFileSync(join(this.path, path), text);
  }

  link(path: string, target: string): void {
    mkdirSync(dirname(join(this.path, path)), { recursive: true });
    symlinkSync(target, join(this.path, path));
  }

  has(path: string): boolean {
    return existsSync(join(this.path, path));
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), "utf8");
  }

  remove(path: string): void {
    rmSync(join(this.path, path), { recursive: true, force: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
