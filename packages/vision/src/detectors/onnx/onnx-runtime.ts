import { InferometerError } from "@inferometer/metrics";

/** A tensor of onnxruntime, as far as the detector looks at it. */
export interface RuntimeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: unknown;
}

export interface RuntimeSession {
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

export interface RuntimeSessionOptions {
  readonly executionProviders: readonly string[];
  readonly intraOpNumThreads: number;
  readonly interOpNumThreads: number;
  readonly logSeverityLevel: 4;
}

/** The part of onnxruntime-node, or of onnxruntime-web, that the detector uses. */
export interface OnnxRuntime {
  readonly Tensor: new (type: string, data: ArrayBufferView, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: { create(path: string, options: RuntimeSessionOptions): Promise<RuntimeSession> };
}

const HOW_TO_INSTALL =
  "Run: npm install onnxruntime-node. Where its script cannot download the CUDA part: ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node.";

/**
 * Loads onnxruntime-node, which is not installed along with this package: it takes 290 MB, and only models need it. Throws PACKAGE_MISSING.
 * `load` stands in for the import in tests.
 */
export async function loadRuntime(load: () => Promise<unknown> = () => import("onnxruntime-node")): Promise<OnnxRuntime> {
  let runtime: OnnxRuntime & { readonly env: { logLevel?: string } };
  try {
    runtime = (await load()) as typeof runtime;
  } catch (cause) {
    const reason = isMissing(cause) ? "is not installed" : `cannot be loaded: ${messageOf(cause)}`;
    throw new InferometerError("PACKAGE_MISSING", `ONNX models need onnxruntime-node, which ${reason}. ${HOW_TO_INSTALL}`, { cause });
  }
  // What goes wrong comes as an exception already; on the standard error stream it would be there twice, in colours.
  runtime.env.logLevel = "fatal";
  return runtime;
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND" && error.message.includes("'onnxruntime-node'");

/** What an unknown thing that was thrown has to say, on one line. */
export function messageOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}

export type Device = "cpu" | "cuda";

/** A device was wanted and another had to do: one count of `execution_provider_fallback_total{from,to}`. */
export interface Fallback {
  readonly from: Device;
  readonly to: Device;
  /** Why, in onnxruntime's words. */
  readonly message: string;
}
