import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** A fenced block of a Markdown file. `line` is that of its first line of text, from 1. */
export interface Block {
  readonly document: string;
  readonly line: number;
  /** What stands after the fence, such as "ts" or "ts continued". */
  readonly info: string;
  readonly text: string;
}

export function blocksOf(document: string, markdown: string): readonly Block[] {
  return [...markdown.matchAll(/^```([^\n]*)\n(.*?)^```$/gms)].map(({ 1: info = "", 2: text = "", index }) => ({
    document,
    line: markdown.slice(0, index).split("\n").length + 1,
    info: info.trim(),
    text,
  }));
}

/** The blocks that are TypeScript. A block marked `ts continued` goes on where the one before it in the document ended. */
export function programsOf(blocks: readonly Block[]): readonly Block[] {
  const programs: Block[] = [];
  for (const block of blocks) {
    const before = programs.at(-1);
    if (block.info === "ts") programs.push(block);
    else if (block.info === "ts continued") {
      if (before?.document !== block.document) throw new Error(`${block.document}:${block.line} continues nothing`);
      programs[programs.length - 1] = { ...before, text: before.text + block.text };
    } else if (/^(ts|typescript)\b/.test(block.info)) throw new Error(`${block.document}:${block.line}: mark it "ts" or "ts continued"`);
  }
  return programs;
}

/** Writes each program to a file of its own in `folder` (inside the repository, for its node_modules) and compiles them all. Returns the errors. */
export function compile(programs: readonly Block[], folder: string): string {
  const config = {
    extends: "../../tsconfig.base.json",
    compilerOptions: { rootDir: ".", outDir: "dist", composite: false, isolatedDeclarations: false, declaration: false, declarationMap: false },
    files: programs.map(fileOf),
  };
  for (const program of programs) writeFileSync(join(folder, fileOf(program)), `${program.text}\nexport {};\n`);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  const { status, stdout, stderr } = spawnSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", folder], {
    cwd: join(folder, "../.."),
    encoding: "utf8",
  });
  return status === 0 ? "" : stdout + stderr;
}

/** "docs/first-steps.md" with a block at line 12 -> "docs-first-steps-md-12.ts". */
export const fileOf = ({ document, line }: Block): string => `${document.replace(/[^a-zA-Z0-9]+/g, "-")}-${line}.ts`;
