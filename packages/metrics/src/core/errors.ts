/** Stable codes of the mistakes this library reports. Match on `code`, never on the message. */
export type ErrorCode =
  | "NAME_INVALID"
  | "HELP_MISSING"
  | "LABEL_NAME_INVALID"
  | "LABEL_UNKNOWN"
  | "LABEL_MISSING"
  | "LABEL_VALUE_INVALID"
  | "LABELS_REQUIRED"
  | "VALUE_INVALID"
  | "BUCKETS_INVALID"
  | "OPTION_INVALID"
  | "EXEMPLAR_INVALID"
  | "DURATION_INVALID"
  | "METRIC_CONFLICT"
  | "COLLECTOR_CONFLICT"
  | "MERGE_CONFLICT"
  | "PARSE_ERROR"
  | "PORT_IN_USE"
  | "LISTEN_FAILED"
  | "CONFIG_INVALID"
  | "PACKAGE_MISSING"
  | "PROGRAM_MISSING"
  | "SOURCE_NOT_FOUND"
  | "SOURCE_INVALID"
  | "SOURCE_LOST"
  | "MODEL_INVALID"
  | "DETECTOR_FAILED"
  | "OUTPUT_FAILED";

/**
 * A mistake that the caller can mend. `code` is stable; the message names the value seen and the way out.
 *
 * @example
 * try { frames.inc(-1); } catch (error) { if (error instanceof InferometerError) console.log(error.code); } // VALUE_INVALID
 */
export class InferometerError extends Error {
  override readonly name = "InferometerError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** How a value is shown in an error text: short, quoted, its kind visible. */
export function shown(value: unknown): string {
  if (typeof value === "string") return value.length > 60 ? `${JSON.stringify(value.slice(0, 57))}…` : JSON.stringify(value);
  if (typeof value === "number" || typeof value === "boolean" || value === undefined || value === null) return String(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return "a function";
  if (typeof value === "symbol") return value.toString();
  return Array.isArray(value) ? `an array of ${value.length}` : "an object";
}
