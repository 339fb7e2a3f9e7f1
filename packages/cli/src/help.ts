import type { Command, Option } from "./command.ts";
import { either } from "./option-value.ts";
import { allOptions, placeholder } from "./settings.ts";
import type { Style } from "./terminal/style.ts";
import { wrap } from "./terminal/wrap.ts";

const WIDTH = 80;
/** Where the words beside an option begin. */
const COLUMN = 26;

/** The list of commands. */
export function overview(commands: readonly Command[], { version, style }: { readonly version: string; readonly style: Style }): string {
  const heading = (text: string): string => style("bold", text);
  const longest = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${heading("inferometer")} ${version}: performance metrics for computer vision and inference`,
    "",
    `${heading("Usage:")} inferometer <command> [options]`,
    "",
    heading("Commands:"),
    ...commands.map(({ name, summary }) => `  ${style("cyan", name.padEnd(longest))}  ${summary}`),
    "",
    heading("Examples:"),
    ...commands.slice(0, 2).flatMap(({ examples }) => examples.slice(0, 1).map(({ line }) => `  ${line}`)),
    "",
    "inferometer <command> --help shows a command's options; inferometer --version",
    "the version.",
    "",
  ].join("\n");
}

/** The help of a command, 80 columns wide. */
export function helpOf(command: Command, { style }: { readonly style: Style }): string {
  const heading = (text: string): string => style("bold", text);
  const args = command.arguments;
  const shape = args === undefined ? "" : ` ${args.least === 0 ? "[" : "<"}${args.name}${args.most > 1 ? "..." : ""}${args.least === 0 ? "]" : ">"}`;
  const codes = { 0: "all went well", 1: "something failed: the message says what", 2: "called wrongly", ...command.exitCodes };
  return [
    ...wrap(`inferometer ${command.name}: ${command.summary}`, WIDTH),
    "",
    `${heading("Usage:")} inferometer ${command.name} [options]${shape}`,
    "",
    ...(command.description ?? []).flatMap((text) => [...wrap(text, WIDTH), ""]),
    ...(args === undefined ? [] : [...beside(`<${args.name}>`, args.help, style), ""]),
    ...[...grouped(command)].flatMap(([group, options]) => [
      heading(`${group}:`),
      ...options.flatMap(([name, option]) => beside(flagOf(name, option), helpText(option), style)),
      "",
    ]),
    ...(command.examples.length === 0
      ? []
      : [heading("Examples:"), ...command.examples.flatMap(({ line, does }) => [`  ${style("cyan", line)}`, ...indented(does, 6)]), ""]),
    heading("Exit codes:"),
    ...Object.entries(codes).flatMap(([code, text]) => hanging(`  ${code.padEnd(3)}  `, text)),
    "",
    ...wrap(
      "Options also come from variables (--max-fps: INFEROMETER_MAX_FPS) and from the config file; flags win over variables, those over the file.",
      WIDTH,
    ),
    "",
  ].join("\n");
}

function grouped(command: Command): Map<string, [string, Option][]> {
  const groups = new Map<string, [string, Option][]>();
  for (const [name, option] of Object.entries(allOptions(command))) {
    const group = option.group ?? "Options";
    groups.set(group, [...(groups.get(group) ?? []), [name, option]]);
  }
  return groups;
}

function flagOf(name: string, option: Option): string {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  if (option.type === "switch") return `${short}--${option.default === true ? "no-" : ""}${name}`;
  // The words of a choice stand in the text: they can be many.
  return `${short}--${name} ${option.type === "choice" ? "<word>" : placeholder(option)}`;
}

function helpText(option: Option): string {
  const choices = option.type === "choice" ? ` One of ${either(option.choices)}.` : "";
  const standard = option.type === "switch" || option.default === undefined ? "" : ` Default: ${option.default}.`;
  return option.help + choices + standard;
}

const hanging = (start: string, text: string): string[] =>
  wrap(text, WIDTH - start.length).map((line, at) => (at === 0 ? start : " ".repeat(start.length)) + line);

const indented = (text: string, by: number): string[] => wrap(text, WIDTH - by).map((line) => " ".repeat(by) + line);

function beside(flag: string, text: string, style: Style): string[] {
  const lines = wrap(text, WIDTH - COLUMN);
  const rest = lines.map((line) => " ".repeat(COLUMN) + line);
  const start = `  ${style("cyan", flag)}`;
  if (flag.length + 4 > COLUMN) return [start, ...rest];
  return [start + " ".repeat(COLUMN - 2 - flag.length) + lines[0], ...rest.slice(1)];
}
