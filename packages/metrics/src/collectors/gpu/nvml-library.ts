import { Buffer } from "node:buffer";

/** What koffi gives: a library whose functions are declared by name, the types of result and arguments. */
export interface NativeLibrary {
  func(name: string, result: string, parameters: string[]): (...values: unknown[]) => number;
}

/** Return codes of NVML (nvml.h). */
export const NVML = {
  uninitialized: 1,
  notSupported: 3,
  noPermission: 4,
  insufficientSize: 7,
  noDriver: 9,
  noLibrary: 12,
  noFunction: 13,
  lost: 15,
  resetRequired: 16,
  operatingSystem: 17,
  versionMismatch: 18,
  gpuNotFound: 28,
} as const;

/** Codes after which nothing of the library can be trusted: it must be opened anew. */
const BROKEN: ReadonlySet<number> = new Set([NVML.uninitialized, NVML.noDriver, NVML.versionMismatch]);
const LOST: ReadonlySet<number> = new Set([NVML.lost, NVML.resetRequired, NVML.gpuNotFound]);

const MEANING: Readonly<Record<number, string>> = {
  [NVML.noPermission]: "permission denied; this user needs access to /dev/nvidia*",
  [NVML.noDriver]: "the driver is not loaded",
  [NVML.lost]: "it has fallen off the bus, or its driver has given it up",
  [NVML.resetRequired]: "it needs a reset",
  [NVML.gpuNotFound]: "it is not there any more",
  [NVML.operatingSystem]: "the operating system denies access to the GPU",
  [NVML.noFunction]: "the library is too old, or not NVIDIA's",
  [NVML.versionMismatch]: "the driver's library and its kernel module have different versions; restart the machine, or the container",
};

const meaningOf = (code: number): string => MEANING[code] ?? `error ${code}`;

/** NVML failed as a whole, or a GPU is lost. */
export class NvmlError extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`NVML: ${meaningOf(code)}`);
    this.code = code;
  }

  /** In words of ours: nvmlErrorString is one more call into a library that has just failed. */
  get meaning(): string {
    return meaningOf(this.code);
  }

  /** Whether it concerns this GPU only. */
  get lost(): boolean {
    return LOST.has(this.code);
  }
}

/** d: a handle; u: unsigned, 32 bits; p: where to write, or what to read. */
const TYPES: Readonly<Record<string, string>> = { d: "uint64_t", u: "uint32_t", p: "void *" };

/**
 * NVML's functions, each looked up when it is first called: no driver has all of them (and looking up one that is missing kills programs that are
 * less careful). Results are written into one buffer.
 */
export class Nvml {
  readonly #library: NativeLibrary;
  readonly #functions: Map<string, ((...values: unknown[]) => number) | undefined> = new Map();
  /** Where functions write. */
  readonly out: Buffer = Buffer.alloc(128);

  constructor(library: NativeLibrary) {
    this.#library = library;
  }

  /**
   * Calls a function of these types and returns its code; 13 where there is none of that name. Throws NvmlError for codes that concern more than
   * this call.
   */
  call(name: string, types: string, ...values: readonly unknown[]): number {
    if (!this.#functions.has(name)) this.#functions.set(name, this.#find(name, types));
    const code = this.#functions.get(name)?.(...values) ?? NVML.noFunction;
    if (BROKEN.has(code) || LOST.has(code)) throw new NvmlError(code);
    return code;
  }

  /** An unsigned number of 32 bits that a function writes behind its other parameters; NaN where there is none. */
  u32(name: string, types: string, ...values: readonly unknown[]): number {
    if (this.call(name, `${types}p`, ...values, this.out) !== 0) return Number.NaN;
    const value = this.out.readUInt32LE(0);
    return value === 0xffff_ffff ? Number.NaN : value;
  }

  /** Likewise of 64 bits. */
  u64(name: string, types: string, ...values: readonly unknown[]): number {
    return this.call(name, `${types}p`, ...values, this.out) === 0 ? available(this.out.readBigUInt64LE(0)) : Number.NaN;
  }

  /** A text that a function writes; "" where there is none. */
  text(name: string, types: string, ...values: readonly unknown[]): string {
    if (this.call(name, `${types}pu`, ...values, this.out, 96) !== 0) return "";
    return textIn(this.out, 0, 96);
  }

  #find(name: string, types: string): ((...values: unknown[]) => number) | undefined {
    try {
      return this.#library.func(
        name,
        "int",
        [...types].map((type) => TYPES[type]!),
      );
    } catch {
      return undefined;
    }
  }
}

/** NVML writes the highest number where it knows none. */
export const available = (value: bigint): number => (value === 0xffff_ffff_ffff_ffffn ? Number.NaN : Number(value));

export function textIn(buffer: Buffer, from: number, to: number): string {
  const end = buffer.indexOf(0, from);
  return buffer.toString("utf8", from, end === -1 || end > to ? to : end);
}
