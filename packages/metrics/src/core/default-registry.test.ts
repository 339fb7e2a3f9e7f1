import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { registry } from "./default-registry.ts";
import { Registry } from "./registry.ts";

describe("the default registry", () => {
  it("is shared by two copies of the library in one process", async () => {
    const folder = mkdtempSync(join(tmpdir(), "inferometer-copy-"));
    try {
      const isCode = (path: string): boolean => !path.endsWith(".test.js");
      cpSync(fileURLToPath(new URL(".", import.meta.url)), join(folder, "core"), { recursive: true, filter: isCode });
      cpSync(fileURLToPath(new URL("../../package.json", import.meta.url)), join(folder, "package.json"));
      const copy = (await import(pathToFileURL(join(folder, "core/index.js")).href)) as typeof import("./index.ts");
      assert.notEqual(copy.Registry, Registry, "another copy of the code");
      assert.equal(copy.registry, registry);
      registry.counter("copies_total", { help: "Copies.", labels: ["copy"] }).inc({ copy: "1" });
      copy.registry.counter("copies_total", { help: "Copies.", labels: ["copy"] }).inc({ copy: "2" });
      assert.deepEqual(
        ["1", "2"].map((each) => registry.snapshot().value("copies_total", { copy: each })),
        [1, 1],
      );
      registry.unregister("copies_total");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
