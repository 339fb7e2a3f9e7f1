import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import bcrypt from "bcryptjs";
import { Registry } from "../core/registry.ts";
import { CertificateFolder } from "./certificates.test.fixture.ts";
import { type Got, get, until } from "./http-client.test.fixture.ts";
import { type Exporter, type ServeOptions, serve } from "./serve.ts";

let folder: CertificateFolder;
before(() => {
  folder = new CertificateFolder();
});
after(() => folder.remove());

const hash = (password: string): string => bcrypt.hashSync(password, 4).replace("$2b$", "$2y$");
const login = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;

let files = 0;
async function serving(
  text: string,
  use: (server: Exporter, file: string, errors: Error[]) => Promise<void>,
  options: ServeOptions = {},
): Promise<void> {
  const errors: Error[] = [];
  const name = `web-${++files}.yml`;
  await using server = await serve({
    port: 0,
    registry: new Registry(),
    webConfig: folder.file(name, text),
    onError: (error) => errors.push(error),
    ...options,
  });
  await use(server, name, errors);
}

const ask = (server: Exporter, authorization?: string): Promise<Got> =>
  get(`${server.url}/metrics`, { headers: authorization === undefined ? {} : { authorization } });

describe("basic authentication", () => {
  it("lets in who knows a password, and nobody else", () =>
    serving(`basic_auth_users: {alice: "${hash("alice123")}", bob: "${hash("bob123")}"}`, async (server) => {
      const none = await ask(server);
      assert.deepEqual([none.status, none.headers["www-authenticate"], none.text], [401, 'Basic realm="metrics", charset="UTF-8"', "Unauthorized\n"]);
      assert.equal((await ask(server, login("alice", "alice123"))).status, 200);
      assert.equal((await ask(server, login("bob", "bob123"))).status, 200);
      for (const [name, password] of [
        ["alice", "bob123"],
        ["alice", ""],
        ["", ""],
        ["carol", "alice123"],
        ["Alice", "alice123"],
        ["__proto__", "x"],
      ] as const) {
        const { status, text } = await ask(server, login(name, password));
        assert.deepEqual([status, text], [401, "Unauthorized\n"], name);
      }
    }));

  it("takes either a password or a token where there are both", () =>
    serving(
      `basic_auth_users: {alice: "${hash("alice123")}"}`,
      async (server) => {
        assert.equal((await ask(server)).headers["www-authenticate"], 'Basic realm="metrics", charset="UTF-8", Bearer realm="metrics"');
        assert.equal((await ask(server, login("alice", "alice123"))).status, 200);
        assert.equal((await ask(server, "Bearer s3cret")).status, 200);
        assert.equal((await ask(server, "Bearer alice123")).status, 401);
      },
      { bearerToken: "s3cret" },
    ));

  it("takes about as long for an unknown name as for a wrong password", () =>
    serving(`basic_auth_users: {alice: "${bcrypt.hashSync("alice123", 8)}"}`, async (server) => {
      let attempt = 0;
      const time = async (name: string): Promise<number> => {
        const times: number[] = [];
        for (let i = 0; i < 5; i++) {
          const start = performance.now();
          await ask(server, login(name, `wrong-${++attempt}`)); // never the same: outcomes are remembered
          times.push(performance.now() - start);
        }
        return Math.min(...times);
      };
      await time("alice"); // the thread starts
      const [known, unknown] = [await time("alice"), await time("mallory")];
      assert.ok(unknown > known / 3 && unknown < known * 3, `${known} ms, ${unknown} ms`);
    }));

  it("follows the file: a user who is taken out is out", () =>
    serving(`basic_auth_users: {alice: "${hash("alice123")}"}`, async (server, name) => {
      assert.equal((await ask(server, login("alice", "alice123"))).status, 200);
      folder.file(name, `basic_auth_users: {bob: "${hash("bob123")}"}`);
      await until("alice to be out", async () => (await ask(server, login("alice", "alice123"))).status === 401);
      assert.equal((await ask(server, login("bob", "bob123"))).status, 200);
    }));

  it("keeps the users of the last good file while it is broken", () =>
    serving(`basic_auth_users: {alice: "${hash("alice123")}"}`, async (server, name, errors) => {
      folder.file(name, "basic_auth_users: {alice: plain}");
      await until("the error", () => errors.length === 1);
      assert.equal((await ask(server)).status, 401);
      assert.equal((await ask(server, login("alice", "alice123"))).status, 200);
    }));
});

describe("headers of the web config", () => {
  it("stand on every answer, and win over ours", () =>
    serving("http_server_config: {headers: {X-Frame-Options: deny, Content-Security-Policy: default-src 'self'}}", async (server) => {
      for (const [path, method] of [
        ["/", "GET"],
        ["/metrics", "GET"],
        ["/metrics", "HEAD"],
        ["/health", "GET"],
        ["/nothing", "GET"],
        ["/metrics", "POST"],
      ] as const) {
        const { headers } = await get(server.url + path, { method });
        assert.deepEqual([headers["x-frame-options"], headers["content-security-policy"]], ["deny", "default-src 'self'"], `${method} ${path}`);
      }
    }));
});

describe("rate_limit", () => {
  it("answers 429 beyond it, to whoever asks", () =>
    serving("rate_limit: {interval: 1h, burst: 2}", async (server) => {
      const statuses = [await ask(server), await ask(server), await ask(server), await get(`${server.url}/health`)].map(({ status }) => status);
      assert.deepEqual(statuses, [200, 200, 429, 429]);
    }));

  it("is lifted and restored by the file, and keeps its bucket while it stays as it is", () =>
    serving("rate_limit: {interval: 1h, burst: 1}", async (server, name) => {
      assert.equal((await ask(server)).status, 200);
      assert.equal((await ask(server)).status, 429);
      folder.file(name, "rate_limit: {interval: 1h, burst: 1}\nhttp_server_config: {headers: {X-Frame-Options: deny}}");
      await until("the new header", async () => (await ask(server)).headers["x-frame-options"] === "deny");
      assert.equal((await ask(server)).status, 429);
      folder.file(name, "");
      await until("the limit to be lifted", async () => (await ask(server)).status === 200);
    }));
});

describe("a token's file", () => {
  it("is followed without a restart", async () => {
    const file = folder.file("token", "first\n");
    await using server = await serve({ port: 0, registry: new Registry(), bearerToken: { file } });
    assert.equal((await ask(server, "Bearer first")).status, 200);
    folder.file("token", "second\n");
    await until("the second token", async () => (await ask(server, "Bearer second")).status === 200);
    assert.equal((await ask(server, "Bearer first")).status, 401);
  });
});
