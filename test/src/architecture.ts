// The rules of the house as functions of a tree of sources, so that each can be shown a bad tree. Every rule returns what breaks it.
import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { BROWSER_ROOMS, MAX_LINES, PACKAGE_NAMES, PACKAGES, ROOMS } from "./house.ts";
import { codeOnly, type Import, importsOf } from "./imports.ts";

/** Path from the repository's root to text. */
export type Tree = ReadonlyMap<string, string>;
export type Rule = (tree: Tree) => string[];

interface Place {
  readonly pkg: string;
  /** "front door" for src/index.ts, "ground" for what else lies directly in src/. */
  readonly room: string;
}

interface Arrow extends Import {
  readonly from: string;
  /** The imported file, or undefined for what is not a relative path. */
  readonly to: string | undefined;
}

function placeOf(path: string): Place | undefined {
  const [, pkg, rest] = /^packages\/([^/]+)\/src\/(.+)$/.exec(path) ?? [];
  if (pkg === undefined || rest === undefined) return undefined;
  if (/^index\.tsx?$/.test(rest)) return { pkg, room: "front door" };
  return { pkg, room: rest.includes("/") ? rest.slice(0, rest.indexOf("/")) : "ground" };
}

/** Tests, and what only tests use: foo.test.ts, foo.test-d.ts, foo.test-kit.ts, foo.test.fixture.ts, foo.test.worker.ts. npm packs none of them. */
const isTest = (path: string): boolean => /\.test(-d|-kit|\.[a-z]+)?\.tsx?$/.test(path);
const isSource = (path: string): boolean => /^packages\/[^/]+\/src\/.*\.tsx?$/.test(path) && !isTest(path);

function arrows(tree: Tree): Arrow[] {
  return [...tree]
    .filter(([path]) => isSource(path))
    .flatMap(([from, text]) => importsOf(text).map((found) => ({ ...found, from, to: target(from, found.specifier) })));
}

const target = (from: string, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(from), specifier) : undefined;

/** "@inferometer/metrics/exporter" -> "metrics"; undefined for a package that is not ours. */
const packageOf = (specifier: string): string | undefined =>
  Object.keys(PACKAGE_NAMES).find((pkg) => specifier === PACKAGE_NAMES[pkg] || specifier.startsWith(`${PACKAGE_NAMES[pkg]}/`));

export const packagesPointDown: Rule = (tree) =>
  arrows(tree).flatMap(({ from, to, specifier }) => {
    const { pkg } = placeOf(from)!;
    if (PACKAGES[pkg] === undefined) return [`${from}: package ${pkg} is not in the table`];
    if (to !== undefined) return placeOf(to)?.pkg === pkg ? [] : [`${from} reaches out of its package: ${specifier}`];
    const wanted = packageOf(specifier);
    if (wanted === undefined || PACKAGES[pkg].includes(wanted)) return [];
    return [`${from}: ${pkg} must not import ${wanted} (${specifier})`];
  });

export const roomsPointDown: Rule = (tree) =>
  arrows(tree).flatMap(({ from, to, kind }) => {
    const here = placeOf(from)!;
    const there = to === undefined ? undefined : placeOf(to);
    const rooms = ROOMS[here.pkg];
    if (rooms === undefined || there?.pkg !== here.pkg) return [];
    for (const { room } of [here, there]) {
      if (room !== "front door" && rooms[room] === undefined) return [`${from}: ${here.pkg} has no room ${room} in the table`];
    }
    if (here.room === "front door" || here.room === there.room) return [];
    const allowed = rooms[here.room]!;
    if (allowed.includes(there.room) || (kind === "type" && allowed.includes(`types of ${there.room}`))) return [];
    return [`${from}: ${here.room} must not import ${there.room} (${kind} import of ${to})`];
  });

export const browserRoomsKnowNoNode: Rule = (tree) => {
  const inBrowser = (path: string): boolean => {
    const place = placeOf(path);
    return isSource(path) && place !== undefined && BROWSER_ROOMS.includes(`${place.pkg}/${place.room}`);
  };
  const imports = arrows(tree).filter(({ from, specifier }) => inBrowser(from) && isBuiltin(specifier));
  const globals = [...tree].flatMap(([path, text]) => {
    if (!inBrowser(path)) return [];
    const code = codeOnly(text);
    // `const { process } = globalThis` asks first whether there is one.
    const asked = /\{\s*process\s*\}\s*=\s*globalThis\b/.test(code) ? "Buffer" : "Buffer|process(?=\\??\\.)";
    const used = new RegExp(`(?<![.\\w])(?:${asked}|require(?=\\()|setImmediate|__dirname)\\b`).exec(code);
    return used === null ? [] : [`${path} uses ${used[0]}, which a browser does not have`];
  });
  return [...imports.map(({ from, specifier }) => `${from} imports ${specifier}, which a browser does not have`), ...globals];
};

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

const manifests = (tree: Tree): [pkg: string, manifest: Manifest][] =>
  [...tree].flatMap(([path, text]) => {
    const pkg = /^packages\/([^/]+)\/package\.json$/.exec(path)?.[1];
    return pkg === undefined ? [] : [[pkg, JSON.parse(text) as Manifest]];
  });

export const metricsDependsOnNothing: Rule = (tree) =>
  manifests(tree).flatMap(([pkg, { dependencies = {} }]) =>
    pkg === "metrics" ? Object.keys(dependencies).map((name) => `packages/metrics depends on ${name}; it must have no runtime dependency`) : [],
  );

/** What is imported is declared; an optional peer is loaded by one file, with `import()`. `computed`: files that may load what they cannot name. */
export const packagesAreDeclared =
  (computed: Readonly<Record<string, string>>): Rule =>
  (tree) => {
    const faults = manifests(tree).flatMap(([pkg, manifest]) => undeclared(tree, { pkg, manifest, computed }));
    const computing = new Set(arrows(tree).flatMap(({ from, specifier }) => (specifier === "" ? [from] : [])));
    const idle = Object.keys(computed).filter((path) => !computing.has(path));
    return [...faults, ...idle.map((path) => `${path} computes no import() by now; take it off the list`)];
  };

function undeclared(
  tree: Tree,
  { pkg, manifest, computed }: { readonly pkg: string; readonly manifest: Manifest; readonly computed: Readonly<Record<string, string>> },
): string[] {
  const own = arrows(tree).filter(({ from, to, specifier }) => placeOf(from)!.pkg === pkg && to === undefined && !isBuiltin(specifier));
  const nameOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
  const optional = (name: string): boolean => manifest.peerDependenciesMeta?.[name]?.optional === true;
  const loaders = new Map<string, Set<string>>();
  const faults: string[] = [];
  for (const { from, specifier, kind } of own) {
    const name = nameOf(specifier);
    if (specifier === "") {
      if (computed[from] === undefined) faults.push(`${from}: the name in import() is computed, so that nobody can check it`);
    } else if (manifest.dependencies?.[name] === undefined && manifest.peerDependencies?.[name] === undefined) {
      faults.push(`${from} imports ${name}, which packages/${pkg}/package.json does not list`);
    } else if (optional(name) && kind === "static") faults.push(`${from} imports the optional ${name} without import()`);
    if (optional(name) && kind === "dynamic") loaders.set(name, (loaders.get(name) ?? new Set()).add(from));
  }
  for (const [name, files] of loaders) {
    if (files.size > 1) faults.push(`the optional ${name} is loaded by more than one file: ${[...files].join(", ")}`);
  }
  return faults;
}

/** Only imports that remain at run time count: types may refer to each other. */
export const noCycles: Rule = (tree) => {
  const next = new Map<string, string[]>();
  for (const { from, to, kind } of arrows(tree)) if (to !== undefined && kind === "static") next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const faults: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at !== -1) faults.push(`import cycle: ${[...trail.slice(at), path].join(" -> ")}`);
    if (at !== -1 || done.has(path)) return;
    for (const to of next.get(path) ?? []) visit(to, [...trail, path]);
    done.add(path);
  };
  for (const path of next.keys()) visit(path, []);
  return faults;
};

export const sourcesKnowNoTests: Rule = (tree) =>
  arrows(tree)
    .filter(({ to }) => to !== undefined && isTest(to))
    .map(({ from, to }) => `${from} imports ${to}, which is not published`);

/** `allowed`: paths of longer files, each with the reason. */
export const filesAreShort =
  (allowed: Readonly<Record<string, string>>): Rule =>
  (tree) => {
    const lines = (text: string): number => text.trimEnd().split("\n").length;
    const long = new Map([...tree].filter(([path]) => /\.(tsx?|mjs)$/.test(path)).map(([path, text]) => [path, lines(text)] as const));
    const over = (path: string): boolean => (long.get(path) ?? 0) > MAX_LINES;
    return [
      ...[...long]
        .filter(([path]) => over(path) && !allowed[path])
        .map(([path, count]) => `${path} has ${count} lines; split it at ${MAX_LINES}, or give a reason`),
      ...Object.keys(allowed)
        .filter((path) => !over(path))
        .map((path) => `${path} is short by now; take it off the list of long files`),
    ];
  };

/** src/index.ts and src/<room>/index.ts re-export; nothing else does, and no index.ts lies deeper. */
export const onlyRoomsReexport: Rule = (tree) => {
  const door = (path: string): boolean => /^packages\/[^/]+\/src\/([^/]+\/)?index\.ts$/.test(path);
  return [
    ...[...tree.keys()]
      .filter((path) => isSource(path) && /\/index\.tsx?$/.test(path) && !door(path))
      .map((path) => `${path}: only a room has an index`),
    ...arrows(tree)
      .filter(({ from, reexport }) => reexport && !door(from))
      .map(({ from, specifier }) => `${from} re-exports ${specifier}; only a room's index.ts does`),
  ];
};

export const namesSaySomething: Rule = (tree) =>
  [...tree.keys()]
    .filter((path) => /(^|[/.-])(utils?|helpers?|commons?|misc)([/.-]|$)/.test(path))
    .map((path) => `${path}: name it after what it does`);
