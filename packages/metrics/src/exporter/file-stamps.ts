import { stat } from "node:fs/promises";

/** Tells whether files changed since it was last asked, by inode, size and times; a link that points elsewhere counts as a change. */
export class FileStamps {
  #last: string | undefined;

  /** True at the first call, and when a file was changed, replaced, removed or added to the list. */
  async changed(paths: readonly string[]): Promise<boolean> {
    const stamps = (await Promise.all(paths.map(stampOf))).join("\n");
    if (stamps === this.#last) return false;
    this.#last = stamps;
    return true;
  }
}

async function stampOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return `${path} ${dev}:${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    return `${path} ${(error as NodeJS.ErrnoException).code}`;
  }
}
