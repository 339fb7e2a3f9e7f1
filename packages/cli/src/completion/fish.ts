import type { Command } from "../command.ts";
import { type CompletedOption, completedOptions, quoted } from "./words.ts";

export function fishScript(commands: readonly Command[]): string {
  const first = commands.map(({ name, summary }) => `complete -c inferometer -n __fish_use_subcommand -f -a ${name} -d ${quoted(summary)}`);
  return `${[...first, ...commands.flatMap(linesOf)].join("\n")}\n`;
}

function linesOf(command: Command): string[] {
  const start = `complete -c inferometer -n ${quoted(`__fish_seen_subcommand_from ${command.name}`)}`;
  const own = command.arguments?.complete;
  return [
    ...(own === "file" || own === "folder" ? [] : [`${start} -f${Array.isArray(own) ? ` -a ${quoted(own.join(" "))}` : ""}`]),
    ...completedOptions(command).map((option) => `${start} ${flags(option)} -d ${quoted(option.help)}`),
  ];
}

function flags({ flags, value, optional }: CompletedOption): string {
  const spellings = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(" ");
  if (value === "none") return spellings;
  if (Array.isArray(value)) return `${spellings} -x -a ${quoted(value.join(" "))}`;
  if (value === "any") return optional ? spellings : `${spellings} -x`;
  return optional ? spellings : `${spellings} -r -F`;
}
