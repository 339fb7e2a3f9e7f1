import { type Call, type Command, EXIT } from "../command.ts";
import { commands } from "../commands.ts";
import { didYouMean } from "../suggest.ts";
import { UsageError } from "../usage-error.ts";
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import { zshScript } from "./zsh.ts";

const SHELLS: ReadonlyMap<string, (commands: readonly Command[]) => string> = new Map([
  ["bash", bashScript],
  ["zsh", zshScript],
  ["fish", fishScript],
]);

export async function runCompletion({ args: [shell = ""], surroundings }: Call<Record<never, never>>): Promise<number> {
  const script = SHELLS.get(shell);
  if (script === undefined) {
    const names = [...SHELLS.keys()];
    throw new UsageError(`there is no completion for ${shell}.${didYouMean(shell, names) || ` Shells: ${names.join(", ")}.`}`);
  }
  surroundings.stdout.write(script(commands));
  return EXIT.ok;
}
