import type { KernelFiles } from "../kernel-file.ts";
import type { Readings } from "../readings.ts";

/** What the readers of a control group share. */
export interface ContainerContext {
  readonly readings: Readings;
  readonly files: KernelFiles;
  /** What all names begin with. */
  readonly prefix: string;
  readonly sysPath: string;
}

/** Sets its metrics; throws when a file that should be there cannot be read. */
export type GroupReader = () => void;
