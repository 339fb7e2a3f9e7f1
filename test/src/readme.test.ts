import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { blocksOf, compile, fileOf, programsOf } from "./markdown.ts";

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
  ...(existsSync(join(root, "docs")) ? readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).map((name) => `docs/${name}`) : []),
].filter((path) => path.endsWith(".md") && existsSync(join(root, path)));

/** Inside the repository, so that the programs find its packages; removed after the test. */
function scratch(t: TestContext): string {
  mkdirSync(join(root, ".tools"), { recursive: true });
  const folder = mkdtempSync(join(root, ".tools/docs-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("every TypeScript block of the README and the docs compiles", (t) => {
  const programs = documents.flatMap((path) => programsOf(blocksOf(path, read(path))));
  assert.ok(programs.length > 0);
  assert.equal(compile(programs, scratch(t)), "");
});

test("a block that does not compile is named with its document and line", (t) => {
  const programs = programsOf(blocksOf("docs/a.md", "# A\n\n```ts\nconst a: number = 1;\n```\nand\n```ts continued\na.length;\n```\n"));
  assert.match(compile(programs, scratch(t)), /docs-a-md-4\.ts.*'length' does not exist/);
});

test("a block with another mark than ts or ts continued is refused", () => {
  assert.throws(() => programsOf(blocksOf("a.md", "```typescript\nx\n```\n")), /a\.md:2/);
  assert.throws(() => programsOf(blocksOf("a.md", "```ts continued\nx\n```\n")), /continues nothing/);
});

test("the six lines of the README run, and /metrics shows what they measured", async (t) => {
  const folder = scratch(t);
  const [sample] = programsOf(blocksOf("README.md", read("README.md")));
  assert.ok(sample);
  assert.equal(sample.text.split("\n").filter((line) => line.trim() !== "").length, 6);
  // A free port instead of 9090, and the address on paper.
  const text = `${sample.text.replace("port: 9090", "port: 0")}\nconsole.log(server.url);`;
  assert.notEqual(text.indexOf("port: 0"), -1);
  assert.equal(compile([{ ...sample, text }], folder), "");
  const child = spawn(process.execPath, [join(folder, "dist", fileOf(sample).replace(/ts$/, "js"))], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const url = await new Promise<string>((found, failed) => {
    child.stdout.setEncoding("utf8").once("data", (line: string) => found(line.trim()));
    child.once("close", (code) => failed(new Error(`the program ended with ${code}`)));
  });
  const page = await (await fetch(`${url}/metrics`)).text();
  assert.match(page, /^vision_detection_latency_seconds_count\{model="owlv2"\} 1$/m);
});

test("every npm script that the documents name exists", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const named = documents.flatMap((path) =>
    [...read(path).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)].map(([, script, short]) => script ?? short ?? ""),
  );
  assert.ok(named.includes("start") && named.includes("test"));
  assert.deepEqual(
    named.filter((script) => scripts[script] === undefined),
    [],
  );
});

test("relative links of the documents lead somewhere", () => {
  for (const path of documents) {
    for (const [, link] of read(path).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
      assert.ok(existsSync(join(root, path, "..", link!)), `${path} links to ${link}`);
    }
  }
});
