import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { PACKAGE_NAMES } from "./house.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly engines?: { readonly node?: string };
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const root = resolve(fileURLToPath(import.meta.url), "../../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const manifestOf = (folder: string): Manifest => JSON.parse(read(join(folder, "package.json"))) as Manifest;
const workspace = manifestOf(".");
const packages = readdirSync(join(root, "packages")).map((folder) => ({ folder, ...manifestOf(`packages/${folder}`) }));
const published = packages.filter((pkg) => !pkg.private);

test("there is something to publish, under the names that the house knows", () => {
  assert.ok(published.length > 0);
  for (const { folder, name } of packages) assert.equal(name, PACKAGE_NAMES[folder]);
});

test("all packages have one version, one licence and one range of Nodes", () => {
  for (const { name, version, license, engines } of packages) {
    assert.deepEqual(
      { name, version, license, engines },
      { name, version: workspace.version, license: workspace.license, engines: workspace.engines },
    );
  }
});

test("packages depend on each other at exactly the version they are released with", () => {
  const ours = Object.values(PACKAGE_NAMES);
  const pinned = packages.flatMap(({ dependencies = {} }) => Object.entries(dependencies).filter(([name]) => ours.includes(name)));
  assert.ok(pinned.length > 0);
  for (const [name, version] of pinned) assert.equal(version, workspace.version, name);
});

test("each published package carries the licence and a README", () => {
  for (const { folder } of published) {
    assert.equal(read(`packages/${folder}/LICENSE`), read("LICENSE"));
    assert.ok(read(`packages/${folder}/README.md`).startsWith("# "));
  }
});

test("every file that a script of package.json runs exists", () => {
  const files = Object.values(workspace.scripts ?? {}).flatMap((script) => [...script.matchAll(/\bnode ([\w/.-]+)/g)].map(([, path]) => path!));
  assert.ok(files.length > 0);
  for (const path of files) assert.ok(existsSync(join(root, path)), path);
});

test("no lock file names a registry", () => {
  const locks = ["package-lock.json", "bench/package-lock.json"].filter((path) => existsSync(join(root, path)));
  assert.ok(locks.includes("package-lock.json"));
  for (const path of locks) assert.doesNotMatch(read(path), /"resolved": "http/, path);
});
