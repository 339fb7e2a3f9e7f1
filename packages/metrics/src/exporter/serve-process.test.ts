import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { unlessMissing, whereIs } from "../../../../tools/programs.mjs";
import { Registry } from "../core/registry.ts";
import { CertificateFolder } from "./certificates.test.fixture.ts";
import { get } from "./http-client.test.fixture.ts";
import { serve } from "./serve.ts";

const ENTRY = new URL("./index.js", import.meta.url).href;

/** Runs a module in a process of its own, in which some packages cannot be found. */
function run(code: string, missing: readonly string[] = []): { readonly status: number | null; readonly output: string } {
  const resolve = `export async function resolve(name, context, next) {
    if (${JSON.stringify(missing)}.includes(name)) throw Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    return next(name, context);
  }`;
  const asUrl = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`;
  const hook = asUrl(`import { register } from "node:module"; register(${JSON.stringify(asUrl(resolve))});`);
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", hook, "--input-type=module", "-e", `import { serve } from ${JSON.stringify(ENTRY)};\n${code}`],
    {
      encoding: "utf8",
      timeout: 20_000,
    },
  );
  return { status, output: stdout };
}

describe("a process with an exporter", () => {
  it("stays while the server is open, and ends once it is closed", () => {
    const { status, output } = run(`const server = await serve({ port: 0 });
      setTimeout(async () => { await server.close(); console.log("closed"); }, 300).unref();`);
    assert.deepEqual([status, output], [0, "closed\n"]);
  });

  it("ends with an open server that is unref'd, also after a scrape", () => {
    const { status, output } = run(`const server = await serve({ port: 0, unref: true });
      console.log((await fetch(server.url + "/metrics", { headers: { connection: "close" } })).status);`);
    assert.deepEqual([status, output], [0, "200\n"]);
  });
});

describe("a package that is not installed", () => {
  let folder: CertificateFolder;
  before(() => {
    folder = new CertificateFolder();
  });
  after(() => folder.remove());

  const start = (file: string): string =>
    `try { await serve({ port: 0, webConfig: ${JSON.stringify(file)} }); } catch (error) { console.log(error.code, error.message); }`;

  it("is named when a web config needs yaml", () => {
    const { output } = run(start(folder.file("empty.yml", "")), ["yaml"]);
    assert.match(output, /^PACKAGE_MISSING .*npm install yaml$/m);
  });

  it("is named when users need bcryptjs", () => {
    const file = folder.file("users.yml", "basic_auth_users: {alice: $2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG}");
    const { output } = run(start(file), ["bcryptjs"]);
    assert.match(output, /^PACKAGE_MISSING .*npm install bcryptjs$/m);
  });

  it("is not missed without a web config", () => {
    const { status, output } = run(`await (await serve({ port: 0 })).close(); console.log("fine");`, ["yaml", "bcryptjs"]);
    assert.deepEqual([status, output], [0, "fine\n"]);
  });
});

describe("the exporter's own metrics", () => {
  it("pass promtool check metrics", unlessMissing("promtool"), async () => {
    const folder = new CertificateFolder();
    await using server = await serve({ port: 0, registry: new Registry(), webConfig: folder.file("web.yml", "") });
    await get(`${server.url}/metrics`);
    const { text } = await get(`${server.url}/metrics`);
    const { status, stdout, stderr } = spawnSync(whereIs("promtool")!, ["check", "metrics"], { input: text, encoding: "utf8" });
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
    folder.remove();
  });
});
