import { type ErrorCode, InferometerError } from "@inferometer/metrics";
import type { Command } from "./command.ts";
import { UsageError } from "./usage-error.ts";

/** What the libraries say of a value that came from the command line. */
const USAGE_CODES: readonly ErrorCode[] = ["OPTION_INVALID", "DURATION_INVALID", "NAME_INVALID", "CONFIG_INVALID"];

/** Whether the command was called wrongly, exit code 2, or failed at its work. */
export const isUsage = (error: unknown): boolean =>
  error instanceof UsageError || (error instanceof InferometerError && USAGE_CODES.includes(error.code));

/** One line that says what happened and the way out. The stack only with --verbose, or when the mistake is ours. */
export function errorText(error: unknown, { command, verbose }: { readonly command?: Command | undefined; readonly verbose: boolean }): string {
  if (error instanceof UsageError) return `inferometer: ${error.message} See inferometer ${command === undefined ? "" : `${command.name} `}--help.\n`;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  const known = error instanceof InferometerError;
  const line = `inferometer: ${message.replace(/\s*\n\s*/g, " ")}\n`;
  if (verbose) return `${line}${stack ?? ""}\n`;
  return known ? line : `${line}inferometer: This is not a known failure. --verbose shows where it came from.\n`;
}
