import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";

/** Runs code in a process group of its own, so that what signals the group does not reach the tests. */
async function apart(code: string): Promise<readonly [code: number | null, signal: string | null]> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], { detached: true, stdio: "ignore" });
  const [status, signal] = (await once(child, "exit")) as [number | null, string | null];
  return [status, signal];
}

describe("endChild", { skip: process.platform === "win32" ? "no process groups" : false }, () => {
  it("leaves our own process group alone when the program does not exist", async () => {
    const endChild = new URL("./end-child.js", import.meta.url).href;
    const code = `
      import { spawn } from "node:child_process";
      import { endChild } from ${JSON.stringify(endChild)};
      const child = spawn("no-such-program-here");
      child.on("error", () => process.exit(7));
      endChild(child);`;
    assert.deepEqual(await apart(code), [7, null]);
  });

  it("ends a child that runs", async () => {
    const { endChild } = await import("./end-child.ts");
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
    const exit = once(child, "exit");
    endChild(child);
    assert.deepEqual(await exit, [null, "SIGKILL"]);
    endChild(undefined);
  });

  it("lets a process without NVIDIA's program collect and close in one turn", async () => {
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
    const code = `
      import { Registry } from ${url("../core/index.js")};
      import { gpu } from ${url("./index.js")};
      const registry = new Registry(), collector = gpu({ command: "no-such-program-here" });
      registry.register(collector);
      void collector.collect();
      void registry.close();
      setTimeout(() => process.exit(7), 50);`;
    assert.deepEqual(await apart(code), [7, null]);
  });
});
