// The table of the house: who may import whom. docs and design follow it, and architecture.test.ts holds the sources to it.

/** Package to the packages below it. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  metrics: [],
  monitor: ["metrics"],
  vision: ["metrics"],
  cli: ["monitor", "vision", "metrics"],
};

/** The name under which each package is imported. */
export const PACKAGE_NAMES: Readonly<Record<string, string>> = {
  metrics: "@inferometer/metrics",
  monitor: "@inferometer/monitor",
  vision: "@inferometer/vision",
  cli: "inferometer",
};

/**
 * Room to the rooms of the same package below it; "types of x" allows `import type` only.
 * "ground" are the files that lie directly in src/, beside index.ts. A package that is not here has no rooms.
 */
export const ROOMS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  metrics: {
    core: [],
    formats: ["core"],
    collectors: ["core"],
    instrument: ["core"],
    exporter: ["core", "formats", "collectors"],
    push: ["core", "formats"],
    browser: ["types of core"],
  },
  monitor: {
    store: [],
    promql: ["store"],
    analysis: ["store"],
    alerts: ["promql", "store"],
    intake: ["store"],
    stack: ["promql"],
    api: ["store", "promql", "analysis", "alerts", "intake", "stack"],
    dashboard: [],
  },
  vision: {
    ground: [],
    sources: ["ground"],
    detectors: ["ground"],
    tracking: ["ground"],
    pipeline: ["ground", "sources", "detectors", "tracking"],
  },
};

/** Rooms that run in a browser too: nothing of Node in them. */
export const BROWSER_ROOMS: readonly string[] = ["metrics/core", "metrics/formats", "metrics/browser"];

export const MAX_LINES = 400;

/** Files that may be longer, with the reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {};

/** Files that may load what only the user can name, with the reason. An `import()` elsewhere names its package. */
export const COMPUTED_IMPORTS: Readonly<Record<string, string>> = {
  "packages/vision/src/detectors/module-detector.ts": "a detector of the user's own lies wherever the user says",
};
