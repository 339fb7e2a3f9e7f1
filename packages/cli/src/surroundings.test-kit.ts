import type { Output, Surroundings } from "./surroundings.ts";

/** An output that keeps what was written. */
export class Kept implements Output {
  text = "";
  readonly isTTY: boolean;
  readonly columns: number;

  constructor({ isTTY = false, columns = 80 }: { readonly isTTY?: boolean; readonly columns?: number } = {}) {
    this.isTTY = isTTY;
    this.columns = columns;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/** Surroundings of a test: nothing of this machine's. */
export function keptSurroundings(some: Partial<Surroundings> = {}): Surroundings & { readonly stdout: Kept; readonly stderr: Kept } {
  return { env: {}, folder: "/nowhere", ...some, stdout: new Kept(), stderr: new Kept() };
}
