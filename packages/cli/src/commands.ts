import type { Command } from "./command.ts";
import { agent } from "./commands/agent.ts";
import { completion } from "./commands/completion.ts";
import { detect } from "./commands/detect.ts";

/**
 * The sub-commands, in the order of the help. Help, completion and "did you mean" are made from this table.
 *
 * To add one: write commands/<name>.ts with `export const name: Command = defineCommand({ … })`, put it in this list, and let its `load` import
 * the code that does the work from a folder of its own. commands/completion.ts is a small one to look at. The code gets a Call with typed options
 * and returns an exit code of EXIT; it throws UsageError for what the caller did wrong, and InferometerError for what failed. It writes data to
 * stdout and all else to stderr.
 */
export const commands: readonly Command[] = [detect, agent, completion];
