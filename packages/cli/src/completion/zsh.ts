import type { Command } from "../command.ts";
import { type CompletedOption, completedOptions, quoted } from "./words.ts";

/** Can be evaluated, and can lie as the file _inferometer in a folder of $fpath. */
export function zshScript(commands: readonly Command[]): string {
  const described = commands.map(({ name, summary }) => quoted(`${name}:${escaped(summary)}`)).join(" ");
  return `#compdef inferometer
_inferometer() {
  local -a offers
  offers=(${described})
  if ((CURRENT == 2)); then
    _describe command offers
    return
  fi
  local command=$words[2]
  shift words
  ((CURRENT--))
  case $command in
${commands.map(caseOf).join("\n")}
    help) _describe command offers ;;
  esac
}
if [[ $funcstack[1] == _inferometer ]]; then _inferometer "$@"; else compdef _inferometer inferometer; fi
`;
}

function caseOf(command: Command): string {
  const own = command.arguments;
  const specs = completedOptions(command).flatMap(optionSpecs);
  const rest = own === undefined ? [] : [quoted(`*:${own.name}:${action(own.complete ?? "any")}`)];
  return `    ${command.name})\n      _arguments \\\n        ${[...specs, ...rest].join(" \\\n        ")}\n      ;;`;
}

function optionSpecs({ flags, help, value, optional, many }: CompletedOption): string[] {
  return flags.map((flag) => {
    const repeated = many ? "*" : flags.length > 1 ? `(${flags.join(" ")})` : "";
    const text = `[${escaped(help).replaceAll("]", "\\]")}]`;
    return quoted(value === "none" ? `${repeated}${flag}${text}` : `${repeated}${flag}${text}${optional ? "::" : ":"}value:${action(value)}`);
  });
}

const action = (value: CompletedOption["value"]): string =>
  Array.isArray(value) ? `(${value.join(" ")})` : value === "file" ? "_files" : value === "folder" ? "_files -/" : " ";

const escaped = (text: string): string => text.replaceAll(":", "\\:").replaceAll("[", "\\[");
