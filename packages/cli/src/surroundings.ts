/** What the command writes to. */
export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  /** Width of the terminal. */
  readonly columns?: number;
  /** The file descriptor, for what writes much: it does so without blocking the thread that answers scrapes. */
  readonly fd?: number;
}

/** What the command has around it: handed in, so that tests can put it somewhere else. */
export interface Surroundings {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where relative paths start. */
  readonly folder: string;
}

export function realSurroundings(): Surroundings {
  return { stdout: process.stdout, stderr: process.stderr, env: process.env, folder: process.cwd() };
}
