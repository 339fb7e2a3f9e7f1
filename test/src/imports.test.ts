import assert from "node:assert/strict";
import test from "node:test";
import { codeOnly, type Import, importsOf, withoutComments } from "./imports.ts";

const one = (text: string): Import | undefined => importsOf(text)[0];

for (const [text, specifier, kind, reexport] of [
  [`import { a } from "./a.ts";`, "./a.ts", "static", false],
  [`import a, { b as c } from './a.ts';`, "./a.ts", "static", false],
  [`import * as a from "node:fs";`, "node:fs", "static", false],
  [`import {\n  a,\n  type B,\n} from "./a.ts";`, "./a.ts", "static", false],
  [`import { type A } from "./a.ts";`, "./a.ts", "static", false], // keeps its side effect: verbatimModuleSyntax
  [`import type from "./a.ts";`, "./a.ts", "static", false],
  [`import "./a.ts";`, "./a.ts", "static", false],
  [`import type { A } from "./a.ts";`, "./a.ts", "type", false],
  [`export * from "./a.ts";`, "./a.ts", "static", true],
  [`export type { A } from "./a.ts";`, "./a.ts", "type", true],
  [`const yaml = await import("yaml");`, "yaml", "dynamic", false],
  ["const yaml = await import(`yaml`);", "yaml", "dynamic", false],
  ["const any = await import(name);", "", "dynamic", false],
  [`let yaml: typeof import("yaml");`, "yaml", "type", false],
  [`let doc: import("yaml").Document;`, "yaml", "type", false],
] as const) {
  test(`finds the import in: ${JSON.stringify(text)}`, () => assert.deepEqual(one(text), { specifier, kind, reexport }));
}

for (const text of [
  `// import { a } from "./a.ts";`,
  `/**\n * await import("yaml")\nimport "./a.ts";\n */`,
  `export const from = "./a.ts";`,
  `export function load(): string {\n  return "./a.ts";\n}`,
  `const text = \`\n  import "./a.ts"\n\`;`,
]) {
  test(`finds no import in: ${JSON.stringify(text)}`, () => assert.deepEqual(importsOf(text), []));
}

test("a quote or a backtick in a regular expression hides no import", () => {
  assert.equal(one('const quotes = /["`]/g;\nimport { a } from "./a.ts"; // `')?.specifier, "./a.ts");
  assert.equal(importsOf('x.replace(/[/*"]/g, "");\nawait import("yaml");').length, 1);
});

test("a division is no regular expression", () => {
  assert.equal(codeOnly("const half = a / b; // c\nconst d = e / f;"), "const half = a / b;  \nconst d = e / f;");
});

test("two slashes in a string are no comment, and a comment keeps its line breaks", () => {
  assert.equal(withoutComments('get("http://a"); /* b\nc */ d'), 'get("http://a");  \n  d');
});

test("code without its strings shows only names that are used", () => {
  assert.equal(codeOnly(`say("Buffer", 'x'); // Buffer`), `say("", "");  `);
});
