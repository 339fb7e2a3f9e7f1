import { closeSync, openSync } from "node:fs";
import { KernelText } from "./kernel-text.ts";

/** What a kept descriptor says once the thing behind it has gone: a removed cgroup or interface, a dead process. */
const GONE: ReadonlySet<string> = new Set(["ENODEV", "ESRCH", "ENOENT", "EBADF", "ENXIO"]);

/**
 * The files that a collector reads again and again. Their descriptors stay open, since opening costs more than reading (facts/host.md, 3.5), but
 * not more than `keep` of them: what is beyond is opened for each read.
 */
export class KernelFiles {
  readonly text: KernelText = new KernelText();
  readonly #open: Set<KernelFile> = new Set();
  #keep: number;

  /** @param options `keep`: most descriptors that stay open, default 512: the kernel keeps 4 KiB for each. */
  constructor(options: { readonly keep?: number } = {}) {
    this.#keep = options.keep ?? 512;
  }

  /** A file that the kernel may hand out in pieces: all of /proc. */
  file(path: string): KernelFile {
    return new KernelFile(this, path, "all");
  }

  /** A file that comes in one piece: a sysfs attribute, a cgroup's file. */
  attribute(path: string): KernelFile {
    return new KernelFile(this, path, "once");
  }

  /** Reads a file that is not read again soon: its descriptor is closed at once. Throws what the system says. */
  read(path: string): KernelText {
    const fd = openSync(path, "r");
    try {
      this.text.fill(fd, "once");
    } finally {
      closeSync(fd);
    }
    return this.text;
  }

  /** The text of such a file without the line's end, or "" where it cannot be read. */
  peek(path: string): string {
    try {
      return this.read(path).all();
    } catch {
      return "";
    }
  }

  /** Closes all descriptors; files that are read later are opened each time. */
  close(): void {
    this.#keep = 0;
    for (const file of [...this.#open]) file.close();
  }

  /** @internal */
  mayKeep(file: KernelFile): boolean {
    if (this.#open.size >= this.#keep) return false;
    this.#open.add(file);
    return true;
  }

  /** @internal */
  closed(file: KernelFile): void {
    this.#open.delete(file);
  }
}

/** A file of the kernel's, read as a whole each time. */
export class KernelFile {
  readonly path: string;
  readonly #files: KernelFiles;
  readonly #once: "once" | "all";
  #fd = -1;

  /** @internal Made by KernelFiles. */
  constructor(files: KernelFiles, path: string, once: "once" | "all") {
    this.#files = files;
    this.path = path;
    this.#once = once;
  }

  /** The file's text now, the place at its beginning; valid until the next file is read. Throws what the system says (ENOENT, EACCES …). */
  read(): KernelText {
    const { text } = this.#files;
    if (this.#fd !== -1) {
      try {
        text.fill(this.#fd, this.#once);
        return text;
      } catch (error) {
        this.close();
        // Another of the same name may have come: an interface that was replaced, a cgroup made anew.
        if (!GONE.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      }
    }
    const fd = openSync(this.path, "r");
    const kept = this.#files.mayKeep(this);
    try {
      text.fill(fd, this.#once);
    } catch (error) {
      this.#files.closed(this);
      closeSync(fd);
      throw error;
    }
    if (kept) this.#fd = fd;
    else closeSync(fd);
    return text;
  }

  /** The number that the file begins with, or NaN where it cannot be read: what a driver answers at the wrong moment is no failure. */
  number(): number {
    try {
      return this.read().number();
    } catch {
      return Number.NaN;
    }
  }

  /** The file's text without the line's end, or "" where it cannot be read. */
  string(): string {
    try {
      return this.read().all();
    } catch {
      return "";
    }
  }

  close(): void {
    if (this.#fd === -1) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#files.closed(this);
    closeSync(fd);
  }
}
