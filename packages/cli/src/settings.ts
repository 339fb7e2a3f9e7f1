import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { shown } from "@inferometer/metrics";
import { type Command, globalOptions, type Option, type Options } from "./command.ts";
import { type OptionValue, optionValue } from "./option-value.ts";
import { didYouMean } from "./suggest.ts";
import type { Surroundings } from "./surroundings.ts";
import { UsageError } from "./usage-error.ts";

const CONFIG_FILE = "inferometer.config.json";

/** What was asked for, and what is not known to have been. */
export interface Settings {
  readonly options: Readonly<Record<string, OptionValue | readonly OptionValue[] | undefined>>;
  readonly args: readonly string[];
}

interface Flags {
  readonly given: ReadonlyMap<string, readonly OptionValue[]>;
  readonly args: readonly string[];
}

/** What a command's options are: its own, and those of every command. */
export const allOptions = (command: Command): Options => ({ ...command.options, ...globalOptions });

/**
 * Reads a command's options. A flag wins over a variable (`--max-fps`: INFEROMETER_MAX_FPS), that over the config file, that over the default.
 * Throws UsageError.
 */
export function settings(command: Command, words: readonly string[], { env, folder }: Pick<Surroundings, "env" | "folder">): Settings {
  const options = allOptions(command);
  const flags = readFlags(options, words);
  if (flags.given.get("help")?.at(-1) === true) return { options: { help: true }, args: [] };
  const fromEnv = readEnvironment(options, env);
  const path = flags.given.get("config")?.at(-1) ?? fromEnv.get("config")?.at(-1);
  const config = readConfig(command, options, { path: path as string | undefined, folder });
  const values = Object.entries(options).map(([name, option]) => {
    const found = flags.given.get(name) ?? fromEnv.get(name) ?? config.given.get(name);
    return [name, option.type === "text" && option.many === true ? (found ?? []) : (found?.at(-1) ?? defaultOf(option))] as const;
  });
  const args = flags.args.length > 0 ? flags.args : config.args;
  checkCount(command, args);
  return { options: Object.fromEntries(values), args };
}

const defaultOf = (option: Option): OptionValue | undefined => option.default ?? (option.type === "switch" ? false : undefined);

function readFlags(options: Options, words: readonly string[]): Flags {
  const spec: Record<string, { type: "boolean" | "string"; short?: string }> = {};
  for (const [name, option] of Object.entries(options)) {
    const kind = option.type === "switch" ? "boolean" : "string";
    spec[name] = option.short === undefined ? { type: kind } : { type: kind, short: option.short };
    if (kind === "boolean") spec[`no-${name}`] = { type: kind };
  }
  // Not strict: the tokens are judged here, in words that name the way out.
  const { tokens } = parseArgs({ args: impliedValues(options, words), options: spec, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, OptionValue[]>();
  const args: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") args.push(token.value);
    if (token.kind !== "option") continue;
    const { name, value, rawName, inlineValue } = token;
    const off = name.startsWith("no-") && options[name] === undefined;
    const own = off ? name.slice(3) : name;
    const option = Object.hasOwn(options, own) ? options[own] : undefined;
    if (option === undefined || (off && option.type !== "switch")) throw unknownOption(rawName, options);
    const add = (read: OptionValue): unknown => given.set(own, [...(given.get(own) ?? []), read]);
    if (option.type === "switch") {
      if (value !== undefined) throw new UsageError(`${rawName} takes no value, and got ${shown(value)}. Leave the value out.`);
      add(!off);
    } else if (value === undefined || (inlineValue === false && /^-./.test(value))) {
      const got = value === undefined ? "" : `, and the next word is ${shown(value)}`;
      throw new UsageError(`${rawName} needs a value${got}. Write ${rawName} ${placeholder(option)}.`);
    } else add(optionValue(option, value, rawName));
  }
  return { given, args };
}

/** How a value is shown in the help: `<file>`, `[file]`, `none|prometheus`. */
export function placeholder(option: Exclude<Option, { type: "switch" }>): string {
  if (option.type === "choice") return option.choices.join("|");
  return option.implied === undefined ? `<${option.value}>` : `[${option.value}]`;
}

/** parseArgs has no optional values: `--jsonl`, when no value follows, becomes `--jsonl=-`. */
function impliedValues(options: Options, words: readonly string[]): string[] {
  const end = words.indexOf("--");
  return words.map((word, at) => {
    const option = /^--[a-z]/.test(word) && (end === -1 || at < end) ? options[word.slice(2)] : undefined;
    if (option === undefined || option.type === "switch" || option.type === "choice" || option.implied === undefined) return word;
    const next = words[at + 1];
    return next === undefined || /^-./.test(next) ? `${word}=${option.implied}` : word;
  });
}

function unknownOption(rawName: string, options: Options): UsageError {
  const typed = rawName.replace(/^-+/, "");
  const names = Object.entries(options).flatMap(([name, { type }]) => (type === "switch" ? [name, `no-${name}`] : [name]));
  return new UsageError(`there is no option ${rawName}.${didYouMean(typed, names, "--")}`);
}

function readEnvironment(options: Options, env: Surroundings["env"]): Map<string, OptionValue[]> {
  const given = new Map<string, OptionValue[]>();
  for (const [name, option] of Object.entries(options)) {
    const variable = `INFEROMETER_${name.toUpperCase().replaceAll("-", "_")}`;
    const text = env[variable];
    if (name === "help" || text === undefined || text === "") continue;
    given.set(name, [optionValue(option, text, variable)]);
  }
  return given;
}

function readConfig(command: Command, options: Options, { path, folder }: { readonly path: string | undefined; readonly folder: string }): Flags {
  const file = resolve(folder, path ?? CONFIG_FILE);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === "ENOENT") return { given: new Map(), args: [] };
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "does not exist" : `cannot be read: ${(error as Error).message}`;
    throw new UsageError(`the config file ${file} ${why}.`);
  }
  const section = sectionOf(text, command, file);
  const given = new Map<string, OptionValue[]>();
  let args: readonly string[] = [];
  for (const [key, value] of Object.entries(section)) {
    const where = `"${key}" of "${command.name}" in ${file}`;
    const option = Object.hasOwn(options, key) ? options[key] : undefined;
    if (key === command.arguments?.name) args = [value].flat().map((each) => textOf(each, where));
    else if (option === undefined || key === "help" || key === "config") {
      throw new UsageError(`${where} is not an option.${didYouMean(key, Object.keys(options))}`);
    } else {
      const many = option.type === "text" && option.many === true && Array.isArray(value);
      given.set(
        key,
        (many ? value : [value]).map((each) => optionValue(option, each, where)),
      );
    }
  }
  return { given, args };
}

function sectionOf(text: string, command: Command, file: string): object {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`the config file ${file} is not JSON: ${(error as Error).message}.`);
  }
  const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
  const section = isObject(parsed) ? (parsed[command.name] ?? {}) : undefined;
  if (isObject(section)) return section;
  throw new UsageError(`the config file ${file} has another shape than { "${command.name}": { "option": value } }.`);
}

function textOf(value: unknown, where: string): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`${where} is ${shown(value)}. Give text, or a list of texts.`);
}

function checkCount(command: Command, args: readonly string[]): void {
  const { name, least, most } = command.arguments ?? { name: "", least: 0, most: 0 };
  if (args.length < least) throw new UsageError(`${command.name} needs a ${name}. Write: inferometer ${command.name} <${name}>`);
  if (args.length <= most) return;
  const extra = shown(args[most]);
  throw new UsageError(
    most === 0 ? `${command.name} takes no arguments, and got ${extra}.` : `${command.name} got ${extra} as well. Give at most ${most}.`,
  );
}
