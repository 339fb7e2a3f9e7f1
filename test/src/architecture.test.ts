import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import {
  browserRoomsKnowNoNode,
  filesAreShort,
  metricsDependsOnNothing,
  namesSaySomething,
  noCycles,
  onlyRoomsReexport,
  packagesAreDeclared,
  packagesPointDown,
  type Rule,
  roomsPointDown,
  sourcesKnowNoTests,
  type Tree,
} from "./architecture.ts";
import { COMPUTED_IMPORTS, LONG_FILES, PACKAGES, ROOMS } from "./house.ts";

const root = resolve(fileURLToPath(import.meta.url), "../../..");

function filesIn(folder: string, wanted: RegExp): string[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name.split(sep).join("/")}`);
  return names.filter((path) => wanted.test(path) && !/(^|\/)(node_modules|dist)\//.test(path));
}

const packages = readdirSync(join(root, "packages"));
const house: Tree = new Map(
  [
    ...packages.flatMap((pkg) => [`packages/${pkg}/package.json`, ...filesIn(`packages/${pkg}/src`, /\.tsx?$/)]),
    ...["test/src", "examples/src", "tools", "bench"].flatMap((folder) => filesIn(folder, /\.(tsx?|mjs)$/)),
  ].map((path) => [path, readFileSync(join(root, path), "utf8")]),
);

/** A rule, the sentence it stands for, and trees that break it, each with what the rule must say. */
const rules: readonly {
  sentence: string;
  rule: Rule;
  ofTheHouse?: Rule;
  bad: readonly (readonly [says: RegExp, files: Record<string, string>])[];
  good?: Record<string, string>;
}[] = [
  {
    sentence: "packages import only the packages below them",
    rule: packagesPointDown,
    bad: [
      [/metrics must not import monitor/, { "packages/metrics/src/core/a.ts": 'import { Recorder } from "@inferometer/monitor";' }],
      [/monitor must not import vision/, { "packages/monitor/src/api/a.ts": 'import type { Box } from "@inferometer/vision";' }],
      [/vision must not import cli/, { "packages/vision/src/pipeline/a.ts": 'await import("inferometer/commands");' }],
      [/metrics must not import metrics/, { "packages/metrics/src/push/a.ts": 'import { Registry } from "@inferometer/metrics";' }],
      [/reaches out of its package/, { "packages/monitor/src/store/a.ts": 'import { x } from "../../../metrics/src/core/x.ts";' }],
      [/package extras is not in the table/, { "packages/extras/src/a.ts": 'import { x } from "./b.ts";' }],
    ],
    good: { "packages/cli/src/a.ts": 'import { x } from "@inferometer/monitor";\nimport { y } from "./b.ts";' },
  },
  {
    sentence: "rooms import only the rooms below them",
    rule: roomsPointDown,
    bad: [
      [/core must not import formats/, { "packages/metrics/src/core/a.ts": 'import { x } from "../formats/x.ts";' }],
      [/core must not import formats \(type/, { "packages/metrics/src/core/a.ts": 'import type { X } from "../formats/x.ts";' }],
      [/core must not import formats \(dynamic/, { "packages/metrics/src/core/a.ts": 'const { x } = await import("../formats/x.ts");' }],
      [/push must not import exporter/, { "packages/metrics/src/push/a.ts": 'export * from "../exporter/x.ts";' }],
      [/browser must not import core \(static/, { "packages/metrics/src/browser/a.ts": 'import { x } from "../core/x.ts";' }],
      [/detectors must not import tracking/, { "packages/vision/src/detectors/a.ts": 'import { x } from "../tracking/x.ts";' }],
      [/dashboard must not import api/, { "packages/monitor/src/dashboard/page/a.tsx": 'import type { X } from "../../api/x.ts";' }],
      [/core must not import front door/, { "packages/metrics/src/core/a.ts": 'import { x } from "../index.ts";' }],
      [/metrics has no room ground/, { "packages/metrics/src/core/a.ts": 'import { x } from "../x.ts";' }],
      [/ground must not import tracking/, { "packages/vision/src/boxes.ts": 'import { x } from "./tracking/x.ts";' }],
      [/metrics has no room cellar/, { "packages/metrics/src/cellar/a.ts": 'import { x } from "../core/x.ts";' }],
    ],
    good: {
      "packages/metrics/src/browser/a.ts": 'import type { X } from "../core/x.ts";',
      "packages/metrics/src/exporter/a.ts": 'import { x } from "../formats/x.ts";',
      "packages/metrics/src/index.ts": 'export * from "./core/index.ts";',
      "packages/vision/src/sources/a.ts": 'import type { X } from "../types.ts";',
      "packages/cli/src/a.ts": 'import { x } from "./deep/b.ts";',
      "packages/metrics/src/core/a.test.ts": 'import { x } from "../formats/x.ts";',
    },
  },
  {
    sentence: "core, formats and browser know nothing of Node",
    rule: browserRoomsKnowNoNode,
    bad: [
      [/imports node:fs/, { "packages/metrics/src/core/a.ts": 'import { readFileSync } from "node:fs";' }],
      [/imports os/, { "packages/metrics/src/formats/a.ts": 'import type { CpuInfo } from "os";' }],
      [/imports node:zlib/, { "packages/metrics/src/browser/react/a.ts": 'const zlib = await import("node:zlib");' }],
      [/uses Buffer/, { "packages/metrics/src/formats/a.ts": 'export const bytes = Buffer.from("a");' }],
      [/uses process/, { "packages/metrics/src/core/a.ts": "export const env = process.env;" }],
    ],
    good: {
      "packages/metrics/src/exporter/a.ts": 'import { createServer } from "node:http";\nBuffer.from("a");',
      "packages/metrics/src/core/a.ts": '// no Buffer here\nexport const name = "Buffer", memory: ArrayBuffer = new ArrayBuffer(8);',
      "packages/metrics/src/core/a.test.ts": 'import test from "node:test";',
      "packages/metrics/src/core/b.ts": "const { process } = globalThis as { process?: Warner };\nprocess?.emitWarning(1);",
    },
  },
  {
    sentence: "metrics has no runtime dependency",
    rule: metricsDependsOnNothing,
    bad: [[/depends on left-pad/, { "packages/metrics/package.json": '{ "dependencies": { "left-pad": "1" } }' }]],
    good: {
      "packages/metrics/package.json": '{ "devDependencies": { "left-pad": "1" } }',
      "packages/cli/package.json": '{ "dependencies": { "a": "1" } }',
    },
  },
  {
    sentence: "what a package imports is declared, and an optional peer has one file that loads it",
    rule: packagesAreDeclared({}),
    ofTheHouse: packagesAreDeclared(COMPUTED_IMPORTS),
    bad: [
      [/imports left-pad, which/, { "packages/cli/package.json": "{}", "packages/cli/src/a.ts": 'import pad from "left-pad/lib";' }],
      [
        /imports @a\/b, which/,
        { "packages/cli/package.json": '{ "devDependencies": { "@a/b": "1" } }', "packages/cli/src/a.ts": 'import type { B } from "@a/b/c";' },
      ],
      [/is computed/, { "packages/cli/package.json": "{}", "packages/cli/src/a.ts": "await import(name);" }],
      [
        /optional yaml without import/,
        { "packages/cli/package.json": optionalPeer("yaml"), "packages/cli/src/a.ts": 'import { parse } from "yaml";' },
      ],
      [
        /yaml is loaded by more than one file: packages\/cli\/src\/a.ts, packages\/cli\/src\/b.ts/,
        {
          "packages/cli/package.json": optionalPeer("yaml"),
          "packages/cli/src/a.ts": 'await import("yaml");',
          "packages/cli/src/b.ts": 'await import("yaml");',
        },
      ],
    ],
    good: {
      "packages/cli/package.json": optionalPeer("yaml"),
      "packages/cli/src/a.ts": 'import fs from "node:fs";\nimport type { Document } from "yaml";\nawait import("yaml");',
      "packages/cli/src/a.test.ts": 'import pad from "left-pad";',
    },
  },
  {
    sentence: "imports make no cycle",
    rule: noCycles,
    bad: [
      [/core\/a.ts -> packages\/metrics\/src\/core\/a.ts/, { "packages/metrics/src/core/a.ts": 'import { a } from "./a.ts";' }],
      [
        /a.ts -> \S+b.ts -> \S+c.ts -> \S+a.ts/,
        {
          "packages/metrics/src/core/a.ts": 'import { b } from "./b.ts";',
          "packages/metrics/src/core/b.ts": 'export * from "./c.ts";',
          "packages/metrics/src/core/c.ts": 'import { type A } from "./a.ts";',
        },
      ],
    ],
    good: {
      "packages/metrics/src/core/a.ts": 'import { b } from "./b.ts";\nimport { c } from "./c.ts";',
      "packages/metrics/src/core/b.ts": 'import { c } from "./c.ts";',
      "packages/metrics/src/core/c.ts": 'import type { A } from "./a.ts";',
    },
  },
  {
    sentence: "published sources import no test",
    rule: sourcesKnowNoTests,
    bad: [
      [/a.ts imports \S+b.test.ts/, { "packages/metrics/src/core/a.ts": 'import { b } from "./b.test.ts";' }],
      [/a.ts imports \S+b.test-kit.ts/, { "packages/metrics/src/core/a.ts": 'import { b } from "./b.test-kit.ts";' }],
      [/a.ts imports \S+suite.test.fixture.ts/, { "packages/metrics/src/core/a.ts": 'import { b } from "./suite.test.fixture.ts";' }],
    ],
    good: { "packages/metrics/src/core/a.test.ts": 'import { b } from "./suite.test.fixture.ts";' },
  },
  {
    sentence: "no file is longer than 400 lines without a reason",
    rule: filesAreShort({}),
    ofTheHouse: filesAreShort(LONG_FILES),
    bad: [
      [/has 401 lines/, { "packages/metrics/src/core/a.ts": "x;\n".repeat(401) }],
      [/has 401 lines/, { "tools/a.mjs": "x;\n".repeat(401) }],
    ],
    good: { "packages/metrics/src/core/a.ts": "x;\n".repeat(400) },
  },
  {
    sentence: "only a room's index.ts re-exports",
    rule: onlyRoomsReexport,
    bad: [
      [/a.ts re-exports/, { "packages/metrics/src/core/a.ts": 'export { b } from "./b.ts";' }],
      [/a.ts re-exports/, { "packages/metrics/src/core/a.ts": 'export type { B } from "./b.ts";' }],
      [/only a room has an index/, { "packages/metrics/src/core/deep/index.ts": "export const a = 1;" }],
    ],
    good: { "packages/metrics/src/index.ts": 'export * from "./core/index.ts";', "packages/metrics/src/core/index.ts": 'export * from "./a.ts";' },
  },
  {
    sentence: "file names say what is inside",
    rule: namesSaySomething,
    bad: ["core/utils.ts", "core/string-helpers.ts", "common/a.ts", "core/helper.test.ts", "core/label-util.ts"].map((name) => [
      /name it after what it does/,
      { [`packages/metrics/src/${name}`]: "" },
    ]),
    good: { "packages/metrics/src/core/utilization.ts": "", "packages/metrics/src/core/commonness.ts": "" },
  },
];

function optionalPeer(name: string): string {
  return JSON.stringify({ peerDependencies: { [name]: "1" }, peerDependenciesMeta: { [name]: { optional: true } } });
}

for (const { sentence, rule, ofTheHouse = rule, bad, good = {} } of rules) {
  test(sentence, () => assert.deepEqual(ofTheHouse(house), []));
  for (const [says, files] of bad) {
    test(`the rule "${sentence}" can fail: ${says.source}`, () => {
      const faults = rule(new Map(Object.entries(files)));
      assert.ok(
        faults.some((fault) => says.test(fault)),
        `said ${JSON.stringify(faults)}`,
      );
    });
  }
  test(`the rule "${sentence}" lets the good pass`, () => assert.deepEqual(rule(new Map(Object.entries(good))), []));
}

test("a long file with a reason passes, and a reason that is no longer needed is reported", () => {
  const path = "packages/metrics/src/core/a.ts";
  const rule = filesAreShort({ [path]: "a table of the specification" });
  assert.deepEqual(rule(new Map([[path, "x;\n".repeat(401)]])), []);
  assert.match(rule(new Map([[path, "x;\n"]]))[0] ?? "", /take it off the list/);
});

test("a computed import() with a reason passes, and a reason that is no longer needed is reported", () => {
  const path = "packages/cli/src/a.ts";
  const rule = packagesAreDeclared({ [path]: "what the user names" });
  const tree = (text: string): Tree =>
    new Map([
      ["packages/cli/package.json", "{}"],
      [path, text],
    ]);
  assert.deepEqual(rule(tree("await import(name);")), []);
  assert.match(rule(tree("await import(name);\nawait import('left-pad');"))[0] ?? "", /imports left-pad/);
  assert.match(rule(tree("x;"))[0] ?? "", /take it off the list/);
});

test("the sources were found: every package of the table, and files in core", () => {
  assert.deepEqual(packages.filter((name) => !name.startsWith(".")).sort(), Object.keys(PACKAGES).sort());
  assert.ok([...house.keys()].filter((path) => path.startsWith("packages/metrics/src/core/")).length > 10);
});

test("the table itself points down: no room or package is below itself", () => {
  const reaches = (table: Readonly<Record<string, readonly string[]>>, from: string, seen: readonly string[] = []): readonly string[] =>
    seen.includes(from) ? [...seen, from] : table[from]!.flatMap((to) => reaches(table, to.replace("types of ", ""), [...seen, from]));
  for (const table of [PACKAGES, ...Object.values(ROOMS)]) {
    for (const name of Object.keys(table)) assert.equal(reaches(table, name).includes(name), false, name);
  }
});
