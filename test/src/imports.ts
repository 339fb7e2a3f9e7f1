// What a source file imports, found without a compiler: TypeScript 7 has no stable API for it.

/** One import or re-export. */
export interface Import {
  readonly specifier: string;
  /** `type`: gone after compiling; `static`: an import statement; `dynamic`: `import()`. */
  readonly kind: "type" | "static" | "dynamic";
  readonly reexport: boolean;
}

const STRING = /"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//;
// A slash is a division unless an operator, an opening bracket or `return` stands before it.
const REGEXP = /(?<=(?:[=(,:!&|?;{}[>]|return)\s*)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/;
const TOKENS = new RegExp(`(${STRING.source})|(${COMMENT.source})|(${REGEXP.source})`, "g");

/** The text without comments. Their line breaks stay, so that lines keep their numbers. */
export function withoutComments(text: string): string {
  return text.replace(TOKENS, (token, _string, comment) => (comment === undefined ? token : token.replace(/[^\n]+/g, " ")));
}

/** The text without comments and without what stands in quotes; code inside a template literal goes too. */
export function codeOnly(text: string): string {
  return text.replace(TOKENS, (_token, quoted) => (quoted === undefined ? " " : '""'));
}

// import x, { y } from "z"      import type { x } from "z"      export * from "z"      import "z"
const STATEMENT = /^(import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?(?:\s+[\w$*\s{},]*?\bfrom)?\s*["']([^"'\n]+)["']/gm;
// import("z"), at run time; `typeof import("z")` and `import("z").Name` in a type leave nothing behind.
const CALL = /(typeof\s+|[:<|]\s*)?\bimport\s*\(\s*(?:["'`]([^"'`\n]+)["'`])?/g;

/** All imports of a file. An `import()` whose specifier is computed has the specifier "". */
export function importsOf(text: string): readonly Import[] {
  const code = withoutComments(text);
  const found: Import[] = [];
  for (const [, keyword, type, specifier] of code.matchAll(STATEMENT)) {
    found.push({ specifier: specifier!, kind: type === undefined ? "static" : "type", reexport: keyword === "export" });
  }
  for (const [, inType, specifier = ""] of code.matchAll(CALL)) {
    found.push({ specifier, kind: inType === undefined ? "dynamic" : "type", reexport: false });
  }
  return found;
}
