import { type ErrorCode, InferometerError } from "@inferometer/metrics";
import type { Failure } from "./words.ts";

/** An error in words that a message can carry. Errors of ours keep their code; others get the one given. */
export function failureOf(error: unknown, code: ErrorCode): Failure {
  if (error instanceof InferometerError) return { code: error.code, message: error.message };
  return { code, message: error instanceof Error ? error.message : String(error) };
}

export function errorOf({ code, message }: Failure): InferometerError {
  return new InferometerError(code, message);
}
