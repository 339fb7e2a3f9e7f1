import type { Output, Surroundings } from "../surroundings.ts";

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39] } as const;
export type Colour = keyof typeof CODES;

/** Colours text, or leaves it as it is. */
export type Style = (colour: Colour, text: string) => string;

export const plain: Style = (_, text) => text;
export const coloured: Style = (colour, text) => `\x1b[${CODES[colour][0]}m${text}\x1b[${CODES[colour][1]}m`;

/** Whether lines may be redrawn and coloured there. */
export const isTerminal = (output: Output, env: Surroundings["env"]): boolean => output.isTTY === true && env["TERM"] !== "dumb";

/** `--no-color`, then FORCE_COLOR (https://force-color.org), then NO_COLOR (https://no-color.org), then what the output is. */
export function styleFor(output: Output, { env, color }: { readonly env: Surroundings["env"]; readonly color: boolean }): Style {
  if (!color) return plain;
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced === "0" || forced === "false" ? plain : coloured;
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return plain;
  return isTerminal(output, env) ? coloured : plain;
}

/** Whether block letters will be seen as such. */
export function knowsUnicode(env: Surroundings["env"]): boolean {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  return env["TERM"] !== "linux" && /utf-?8/i.test(locale);
}
