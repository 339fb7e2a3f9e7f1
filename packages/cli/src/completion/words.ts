import type { Command, Completion, Option } from "../command.ts";
import { allOptions } from "../settings.ts";

/** An option as the shells see it. */
export interface CompletedOption {
  /** All spellings: "-q", "--quiet". */
  readonly flags: readonly string[];
  readonly help: string;
  /** What may follow: nothing for a switch, anything, a file, a folder, or one of some words. */
  readonly value: "none" | "any" | Completion;
  readonly optional: boolean;
  readonly many: boolean;
}

/** Words that stand where a command stands. */
export const FIRST_WORDS: readonly string[] = ["help", "--help", "--version"];

export function completedOptions(command: Command): CompletedOption[] {
  return Object.entries(allOptions(command)).map(([name, option]) => ({
    flags: [
      ...(option.short === undefined ? [] : [`-${option.short}`]),
      `--${option.type === "switch" && option.default === true ? "no-" : ""}${name}`,
    ],
    // The first sentence: one line beside the option.
    help: option.help.split(/[.;:] |\.$/, 1)[0]!,
    value: followedBy(option),
    optional: "implied" in option,
    many: option.type === "text" && option.many === true,
  }));
}

function followedBy(option: Option): CompletedOption["value"] {
  if (option.type === "switch") return "none";
  return option.type === "choice" ? option.choices : (option.complete ?? "any");
}

/** For the shells that these scripts are for: text between single quotes. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
