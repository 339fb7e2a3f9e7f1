import type { Command } from "../command.ts";
import { completedOptions, FIRST_WORDS, quoted } from "./words.ts";

/** For bash 3.2 and newer, without the package bash-completion. An empty answer lets bash offer files (`-o default`). */
export function bashScript(commands: readonly Command[]): string {
  return `_inferometer() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} offers=
  COMPREPLY=()
  # bash takes --name=value for three words.
  if [[ $current == "=" ]]; then current=
  elif [[ $before == "=" ]]; then before=\${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if ((COMP_CWORD == 1)); then
    offers=${quoted([...commands.map(({ name }) => name), ...FIRST_WORDS].join(" "))}
  else
    case \${COMP_WORDS[1]} in
${commands.map(caseOf).join("\n")}
      help) offers=${quoted(commands.map(({ name }) => name).join(" "))} ;;
    esac
  fi
  [[ -z $offers ]] || COMPREPLY=($(compgen -W "$offers" -- "$current"))
}
complete -o default -F _inferometer inferometer
`;
}

function caseOf(command: Command): string {
  const options = completedOptions(command);
  const files = options.filter(({ value }) => value === "file" || value === "folder");
  const free = options.filter(({ value, optional }) => value === "any" && !optional);
  const words = options.filter(({ value }) => Array.isArray(value));
  const pattern = (some: typeof options): string => some.flatMap(({ flags }) => flags).join(" | ");
  const own = command.arguments?.complete;
  return [
    `      ${command.name})`,
    "        case $before in",
    ...words.map(({ flags, value }) => `          ${flags.join(" | ")}) offers=${quoted((value as readonly string[]).join(" "))} ;;`),
    ...(files.length === 0 ? [] : [`          ${pattern(files)}) ;;`]),
    // No words to offer, and no files either.
    ...(free.length === 0 ? [] : [`          ${pattern(free)}) compopt +o default 2> /dev/null ;;`]),
    "          *)",
    `            if [[ $current == -* ]]; then offers=${quoted(options.flatMap(({ flags }) => flags.at(-1)!).join(" "))}`,
    ...(Array.isArray(own) ? [`            else offers=${quoted((own as readonly string[]).join(" "))}`] : []),
    "            fi",
    "            ;;",
    "        esac",
    "        ;;",
  ].join("\n");
}
