import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { unlessMissing, whereIs } from "../../../../tools/programs.mjs";
import { CertificateFolder } from "./certificates.test.fixture.ts";
import { parseYaml } from "./load-yaml.ts";
import { subjectAltNames } from "./tls-settings.ts";
import { type WebConfig, webConfigOf } from "./web-config.ts";
import { WebConfigFile } from "./web-config-file.ts";

const HASH = "$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG";

async function read(text: string): Promise<WebConfig> {
  return webConfigOf(await parseYaml(text, "/etc/web.yml"), "/etc/web.yml");
}

describe("webConfigOf", () => {
  it("takes an empty file for: plain HTTP, everyone may", async () => {
    for (const text of ["", "# nothing\n", "{}", "tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n"]) {
      const { tls, headers, users, rateLimit } = await read(text);
      assert.deepEqual([tls, headers, users.size, rateLimit], [undefined, {}, 0, undefined]);
    }
  });

  it("reads everything that the format has", async () => {
    const config = await read(`
tls_server_config:
  cert_file: certs/server.crt
  key_file: /keys/server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  client_allowed_sans: [scraper.example]
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: no
  curve_preferences: [CurveP256, X25519]
http_server_config:
  http2: true
  headers:
    Content-Security-Policy: default-src 'self'
    X-Frame-Options: deny
    X-Content-Type-Options: nosniff
    X-XSS-Protection: "1"
    Strict-Transport-Security: max-age=31536000
basic_auth_users:
  alice: ${HASH}
  "007": ${HASH}
  1e3: ${HASH}
rate_limit:
  interval: 250ms
  burst: 5
`);
    assert.deepEqual(config.tls, {
      cert: { file: "/etc/certs/server.crt" },
      key: { file: "/keys/server.key" },
      clientCa: { file: "/etc/ca.crt" },
      clientAuth: "RequireAndVerifyClientCert",
      allowedSans: ["scraper.example"],
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.3",
      ciphers: ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
      curves: ["P-256", "X25519"],
      preferServerCiphers: false,
    });
    assert.deepEqual(config.headers, {
      "content-security-policy": "default-src 'self'",
      "x-frame-options": "deny",
      "x-content-type-options": "nosniff",
      "x-xss-protection": "1",
      "strict-transport-security": "max-age=31536000",
    });
    assert.deepEqual([...config.users.keys()], ["alice", "007", "1e3"]);
    assert.deepEqual(config.rateLimit, { intervalMs: 250, burst: 5 });
  });

  it("knows no TLS where nothing asks for it", async () => {
    assert.equal((await read("tls_server_config: {min_version: TLS13}")).tls, undefined);
  });

  const tls = (lines: string): string => `tls_server_config: {cert_file: a, key_file: b, ${lines}}`;
  const refused: [what: string, text: string, message: RegExp][] = [
    ["what is no YAML", "a: [", /web\.yml is not YAML/],
    ["a list", "- a", /web\.yml is an array of 1\. It must be a mapping/],
    ["a word", "hello", /web\.yml is "hello"/],
    ["a key twice", "rate_limit: {}\nrate_limit: {}", /not YAML.*unique/],
    [
      "an unknown section",
      "tls_config: {}",
      /unknown key "tls_config"\. Known here: tls_server_config, http_server_config, basic_auth_users, rate_limit/,
    ],
    ["an unknown key in TLS", tls("min_tls: TLS13"), /tls_server_config: unknown key "min_tls"/],
    ["an unknown key in HTTP", "http_server_config: {http3: true}", /http_server_config: unknown key "http3"/],
    ["an unknown key in the rate limit", "rate_limit: {interval: 1s, burst: 1, per: ip}", /rate_limit: unknown key "per"/],
    ["a section that is none", "tls_server_config: yes please", /tls_server_config is "yes please"/],
    ["TLS without a certificate", "tls_server_config: {key_file: b}", /cert .*or cert_file/],
    ["TLS without a key", "tls_server_config: {cert_file: a}", /key .*or key_file/],
    ["an empty certificate", 'tls_server_config: {cert_file: "", key_file: b}', /cert .*or cert_file/],
    ["a client policy without a certificate", "tls_server_config: {client_auth_type: RequestClientCert}", /cert .*or cert_file/],
    ["a certificate both inline and in a file", tls("cert: x"), /cert_file is "a"\. It must be left out where cert is given/],
    ["an invented policy", tls("client_auth_type: Sometimes"), /client_auth_type is "Sometimes".*RequireAndVerifyClientCert/],
    ["a client CA without a policy", tls("client_ca_file: c"), /client_auth_type is "NoClientCert"/],
    ["a policy that verifies against nothing", tls("client_auth_type: RequireAndVerifyClientCert"), /client_ca .*authority that signs your clients/],
    [
      "names without a policy that demands a certificate",
      tls("client_auth_type: RequestClientCert, client_allowed_sans: [a]"),
      /client_auth_type is "RequestClientCert"/,
    ],
    [
      "names that are no list",
      tls("client_auth_type: RequireAnyClientCert, client_allowed_sans: a"),
      /client_allowed_sans is "a"\. It must be a list/,
    ],
    ["an invented cipher", tls("cipher_suites: [TLS_MAGIC]"), /cipher_suites is "TLS_MAGIC"/],
    ["a cipher without forward secrecy", tls("cipher_suites: [TLS_RSA_WITH_AES_128_CBC_SHA]"), /cipher_suites/],
    ["an invented curve", tls("curve_preferences: [CurveP1]"), /curve_preferences is "CurveP1".*CurveP256/],
    ["an unknown TLS version", tls("min_version: TLS111"), /min_version is "TLS111".*TLS12/],
    ["a number for a file", tls("client_ca_file: 5"), /client_ca_file is 5\. It must be a text/],
    [
      "a word that is neither true nor false",
      tls("prefer_server_cipher_suites: perhaps"),
      /prefer_server_cipher_suites is "perhaps"\. It must be true or false/,
    ],
    ["a header that cannot be set", "http_server_config: {headers: {Server: x}}", /Server is "x"\. This header cannot be configured; these can: /],
    ["a header of JavaScript's own", "http_server_config: {headers: {constructor: x}}", /cannot be configured/],
    [
      "a wrong X-Frame-Options",
      "http_server_config: {headers: {X-Frame-Options: maybe}}",
      /X-Frame-Options is "maybe"\. It must be deny or sameorigin/,
    ],
    ["a wrong X-Content-Type-Options", "http_server_config: {headers: {X-Content-Type-Options: sniff}}", /It must be nosniff/],
    ["a header with a line break", 'http_server_config: {headers: {X-XSS-Protection: "1\\r\\nSet-Cookie: a"}}', /characters that no header may/],
    ["a password in the clear", "basic_auth_users: {alice: secret}", /password of "alice" is not a bcrypt hash.*htpasswd/],
    ["a hash that was cut", `basic_auth_users: {alice: ${HASH.slice(0, -1)}}`, /not a bcrypt hash/],
    ["a hash of an impossible cost", `basic_auth_users: {alice: ${HASH.replace("$10$", "$99$")}}`, /not a bcrypt hash/],
    ["a user without a password", "basic_auth_users: {alice: [x]}", /alice is an array/],
    ["an interval that is none", "rate_limit: {interval: soon, burst: 1}", /interval is "soon"/],
    ["a rate limit that lets nothing pass", "rate_limit: {interval: 1s}", /burst is 0\. It must be at least 1/],
    ["half a burst", "rate_limit: {interval: 1s, burst: 0.5}", /burst is 0.5\. It must be a whole number/],
  ];
  for (const [what, text, message] of refused) {
    it(`refuses ${what}`, () =>
      assert.rejects(read(text), (error: Error & { code?: string }) => error.code === "CONFIG_INVALID" && message.test(error.message)));
  }

  it("never shows a password in an error", async () => {
    await assert.rejects(read("basic_auth_users: {alice: hunter2}"), (error: Error) => !error.message.includes("hunter2"));
  });

  it("takes an interval of zero for no limit", async () => {
    for (const interval of ["0", "0s", '"0"']) assert.equal((await read(`rate_limit: {interval: ${interval}}`)).rateLimit, undefined);
  });
});

describe("subjectAltNames", () => {
  const cases: [text: string | undefined, names: string[]][] = [
    [undefined, []],
    ["", []],
    ["DNS:a.example, IP Address:10.0.0.1, email:a@b.example, URI:spiffe://x/y", ["a.example", "10.0.0.1", "a@b.example", "spiffe://x/y"]],
    ["IP Address:FD00:0:0:0:0:0:0:1", ["fd00::1"]],
    ['DNS:"a.example\\u002c DNS:evil.example"', ["a.example, DNS:evil.example"]],
    ['URI:"https://x/?a=1, DNS:evil.example", DNS:b.example', ["https://x/?a=1, DNS:evil.example", "b.example"]],
    ["DirName:CN = x, DNS:b.example", ["b.example"]],
    ["Registered ID:1.2.3", []],
  ];
  for (const [text, names] of cases) it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(subjectAltNames(text), names));
});

describe("WebConfigFile", () => {
  it("sees changes of the file and of those that it names, once each", async (t) => {
    const folder = new CertificateFolder();
    t.after(() => folder.remove());
    const ca = folder.authority("ca");
    folder.signed("host", ca, "DNS:localhost");
    const path = folder.file("web.yml", "tls_server_config: {cert_file: host.crt, key_file: host.key}\n");
    const file = new WebConfigFile(path);
    assert.equal(await file.changed(), true);
    await file.load();
    assert.equal(await file.changed(), true); // there are more files now
    assert.equal(await file.changed(), false);
    folder.file("host.key", "broken");
    assert.equal(await file.changed(), true);
    assert.equal(await file.changed(), false);
    folder.file("web.yml", "");
    assert.equal(await file.changed(), true);
  });
});

describe("promtool check web-config", unlessMissing("promtool"), () => {
  let folder: CertificateFolder;
  before(() => {
    folder = new CertificateFolder();
    folder.signed("host", folder.authority("ca"), "DNS:localhost");
  });
  after(() => folder.remove());

  // Only what the promtool of Prometheus 2.42 knows: certificates inline, client_allowed_sans and rate_limit came later.
  const files: [what: string, good: boolean, text: string][] = [
    ["an empty file", true, ""],
    ["TLS", true, "tls_server_config: {cert_file: host.crt, key_file: host.key}"],
    [
      "TLS with everything",
      true,
      `tls_server_config:
  cert_file: host.crt
  key_file: host.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, TLS_AES_128_GCM_SHA256]
  curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]
  prefer_server_cipher_suites: on
`,
    ],
    [
      "users and headers",
      true,
      `basic_auth_users: {alice: ${HASH}, 007: ${HASH}}\nhttp_server_config: {http2: false, headers: {X-Frame-Options: deny, X-XSS-Protection: "1"}}`,
    ],
    ["an unknown key", false, "tls_server_confg: {}"],
    ["a key without a certificate", false, "tls_server_config: {key_file: host.key}"],
    ["a key of another certificate", false, "tls_server_config: {cert_file: host.crt, key_file: ca.key}"],
    ["a missing file", false, "tls_server_config: {cert_file: nowhere.crt, key_file: host.key}"],
    ["a client CA without a policy", false, "tls_server_config: {cert_file: host.crt, key_file: host.key, client_ca_file: ca.crt}"],
    ["an invented policy", false, "tls_server_config: {cert_file: host.crt, key_file: host.key, client_auth_type: Sometimes}"],
    ["an invented cipher", false, "tls_server_config: {cert_file: host.crt, key_file: host.key, cipher_suites: [TLS_MAGIC]}"],
    ["an invented version", false, "tls_server_config: {cert_file: host.crt, key_file: host.key, min_version: TLS111}"],
    ["a header that cannot be set", false, "http_server_config: {headers: {Server: x}}"],
    ["a wrong header", false, "http_server_config: {headers: {X-Frame-Options: maybe}}"],
    ["a password in the clear", false, "basic_auth_users: {alice: secret}"],
  ];
  for (const [what, good, text] of files) {
    it(`agrees with us that ${what} is ${good ? "right" : "wrong"}`, async () => {
      const path = folder.file("web.yml", text);
      const { status, stdout, stderr } = spawnSync(whereIs("promtool")!, ["check", "web-config", path], { encoding: "utf8" });
      assert.equal(status === 0, good, stdout + stderr);
      if (good) await new WebConfigFile(path).load();
      else await assert.rejects(new WebConfigFile(path).load(), { code: "CONFIG_INVALID" });
    });
  }
});
