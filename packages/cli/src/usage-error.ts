/** The command was called wrongly: exit code 2. The message names what was seen and the way out. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
