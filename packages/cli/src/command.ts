import type { Duration } from "@inferometer/metrics";
import type { Surroundings } from "./surroundings.ts";

/** What a shell offers after an option or for an argument. */
export type Completion = "file" | "folder" | readonly string[];

interface OptionBase {
  /** One or two sentences for the help. The default is added by itself. */
  readonly help: string;
  /** One letter: `-q`. */
  readonly short?: string;
  /** Heading in the help under which the option stands. Default "Options". */
  readonly group?: string;
}

interface Valued {
  /** Stands for the value in the help: "file". */
  readonly value: string;
  /** What the option means when it is given without a value. Without it, a value must follow. */
  readonly implied?: string;
  /** What a shell offers for the value. Default: nothing. */
  readonly complete?: Completion;
}

/** On or off. One whose default is true is shown, and switched off, as `--no-name`. */
export interface SwitchOption extends OptionBase {
  readonly type: "switch";
  /** Default false. */
  readonly default?: boolean;
}

export interface TextOption extends OptionBase, Valued {
  readonly type: "text";
  readonly default?: string;
  /** May be given several times. */
  readonly many?: true;
}

export interface NumberOption extends OptionBase, Valued {
  readonly type: "number";
  readonly default?: number;
  readonly min?: number;
  readonly max?: number;
  /** Whole numbers only. */
  readonly whole?: true;
}

/** "500ms", "15s", "1h30m". */
export interface DurationOption extends OptionBase, Valued {
  readonly type: "duration";
  readonly default?: Duration;
}

export interface ChoiceOption extends OptionBase {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

export type Option = SwitchOption | TextOption | NumberOption | DurationOption | ChoiceOption;
/** Name as typed, without dashes, to what it is. */
export type Options = Readonly<Record<string, Option>>;

type ValueOf<O extends Option> = O extends { type: "switch" }
  ? boolean
  : O extends { type: "number" }
    ? number
    : O extends { type: "choice"; choices: readonly (infer C)[] }
      ? C
      : string;

/** What the options hold after flags, environment, config file and defaults were read. */
export type Values<T extends Options> = {
  readonly [K in keyof T]: T[K] extends { many: true }
    ? readonly ValueOf<T[K]>[]
    : T[K] extends { type: "switch" } | { default: unknown }
      ? ValueOf<T[K]>
      : ValueOf<T[K]> | undefined;
};

/** What follows the options. */
export interface Arguments {
  /** Stands for them in the help, and is their key in the config file: "source". */
  readonly name: string;
  readonly help: string;
  readonly least: number;
  readonly most: number;
  readonly complete?: Completion;
}

/** One run of a command: what was asked for. */
export interface Call<T extends Options> {
  readonly options: Values<T & typeof globalOptions>;
  readonly args: readonly string[];
  readonly surroundings: Surroundings;
}

/** Does the work and returns the exit code. Throws UsageError (exit code 2) and InferometerError (exit code 1). */
export type Run<T extends Options> = (call: Call<T>) => Promise<number>;

export interface Example {
  readonly line: string;
  readonly does: string;
}

export interface CommandSpec<T extends Options> {
  readonly name: string;
  /** One line for the list of commands, without a full stop. */
  readonly summary: string;
  /** Paragraphs for the help. */
  readonly description?: readonly string[];
  readonly arguments?: Arguments;
  readonly options: T;
  readonly examples: readonly Example[];
  /** Beside 0, 1 and 2, which all commands share. */
  readonly exitCodes?: Readonly<Record<number, string>>;
  /** Brings the code that does the work: only the command that runs is loaded. */
  readonly load: () => Promise<Run<T>>;
}

/** A sub-command as the table holds it: what its options are is known to itself only. */
export type Command = Omit<CommandSpec<Options>, "load"> & { readonly load: () => Promise<Run<never>> };

/** Keeps the types of the options together with the code that reads them. */
export function defineCommand<const T extends Options>(spec: CommandSpec<T>): Command {
  return spec;
}

export const EXIT: { readonly ok: 0; readonly failed: 1; readonly usage: 2; readonly broken: 3 } = { ok: 0, failed: 1, usage: 2, broken: 3 };

/** What every command understands. */
export const globalOptions = {
  config: {
    type: "text",
    value: "file",
    complete: "file",
    group: "General",
    help: 'JSON file with the values of options, by command: { "detect": { "port": 9191 } }. Default: inferometer.config.json in this folder, if there is one.',
  },
  quiet: { type: "switch", short: "q", group: "General", help: "Say nothing but errors." },
  verbose: { type: "switch", group: "General", help: "Show where an error came from." },
  color: { type: "switch", default: true, group: "General", help: "No colours; so does NO_COLOR=1. FORCE_COLOR=1 forces them." },
  help: { type: "switch", short: "h", group: "General", help: "Show this help." },
} as const;
