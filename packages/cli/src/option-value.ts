import { InferometerError, parseDuration, shown } from "@inferometer/metrics";
import type { Option } from "./command.ts";
import { UsageError } from "./usage-error.ts";

export type OptionValue = boolean | string | number;

/**
 * The value of an option, from text (a flag, a variable) or from JSON (the config file). `where` names it in messages: "--port".
 * Throws UsageError.
 */
export function optionValue(option: Option, given: unknown, where: string): OptionValue {
  switch (option.type) {
    case "switch":
      return readSwitch(given, where);
    case "number":
      return readNumber(option, given, where);
    case "choice":
      if (typeof given === "string" && option.choices.includes(given)) return given;
      throw new UsageError(`${where} is ${shown(given)}. Give ${either(option.choices)}.`);
    case "duration":
      return readDuration(given, where);
    case "text":
      if (typeof given === "string" && given !== "") return given;
      throw new UsageError(`${where} is ${shown(given)}. Give a text that is not empty.`);
  }
}

/** `a`, `a or b`, `a, b or c`. */
export function either(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function readSwitch(given: unknown, where: string): boolean {
  if (typeof given === "boolean") return given;
  const word = typeof given === "string" ? given.toLowerCase() : "";
  if (["1", "true", "yes", "on"].includes(word)) return true;
  if (["0", "false", "no", "off"].includes(word)) return false;
  throw new UsageError(`${where} is ${shown(given)}. Give true or false.`);
}

function readNumber(option: Option & { type: "number" }, given: unknown, where: string): number {
  const text = typeof given === "string" ? given.trim() : given;
  const value = typeof text === "string" && text !== "" ? Number(text) : text;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY, whole } = option;
  const fits = typeof value === "number" && Number.isFinite(value) && value >= min && value <= max && (whole !== true || Number.isInteger(value));
  if (fits) return value;
  const kind = whole === true ? "a whole number" : "a number";
  const range = Number.isFinite(max) ? ` from ${min} to ${max}` : Number.isFinite(min) ? ` of at least ${min}` : "";
  throw new UsageError(`${where} is ${shown(given)}. Give ${kind}${range}.`);
}

function readDuration(given: unknown, where: string): string {
  try {
    parseDuration(given as string);
  } catch (error) {
    if (!(error instanceof InferometerError)) throw error;
    throw new UsageError(`${where} is ${shown(given)}. Give a number and a unit, such as 500ms, 15s, 10m or 1h30m.`);
  }
  return given as string;
}
