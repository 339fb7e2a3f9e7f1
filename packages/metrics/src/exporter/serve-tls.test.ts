import assert from "node:assert/strict";
import { renameSync } from "node:fs";
import type { RequestOptions } from "node:http";
import { Agent } from "node:https";
import { after, before, describe, it } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { Registry } from "../core/registry.ts";
import { type Certificate, CertificateFolder } from "./certificates.test.fixture.ts";
import { type Got, get, raw, until } from "./http-client.test.fixture.ts";
import { type Exporter, serve } from "./serve.ts";

let folder: CertificateFolder;
let ca: Certificate;
let host: Certificate;
let client: Certificate;
let stranger: Certificate;

before(() => {
  folder = new CertificateFolder();
  ca = folder.authority("ca");
  host = folder.signed("host", ca, "DNS:localhost,IP:127.0.0.1");
  client = folder.signed("client", ca, "DNS:scraper.example,IP:10.0.0.1,IP:fd00::1,email:ops@example.com,URI:spiffe://example/scraper");
  stranger = folder.signed("stranger", folder.authority("other"), "DNS:scraper.example");
});
after(() => folder.remove());

let files = 0;
/** A web config with TLS and these further lines in tls_server_config. */
function webConfig(lines: readonly string[] = []): string {
  return folder.file(
    `web-${++files}.yml`,
    ["tls_server_config:", "  cert_file: host.crt", "  key_file: host.key", ...lines.map((line) => `  ${line}`)].join("\n"),
  );
}

async function serving(config: string, use: (server: Exporter, errors: Error[]) => Promise<void>): Promise<void> {
  const errors: Error[] = [];
  await using server = await serve({ port: 0, registry: new Registry(), webConfig: config, onError: (error) => errors.push(error) });
  await use(server, errors);
}

const asked = (server: Exporter, options: ConnectionOptions = {}): Promise<Got> =>
  get(`${server.url}/health`, { ca: ca.cert, ...options } as RequestOptions);

/** What a handshake came to. */
interface Handshake {
  readonly cipher: string;
  readonly application: string | false | null;
  readonly serialNumber: string | undefined;
}

function handshake(server: Exporter, options: ConnectionOptions): Promise<Handshake> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.port, host: "127.0.0.1", ca: ca.cert, ...options }, () => {
      resolve({ cipher: socket.getCipher().name, application: socket.alpnProtocol, serialNumber: socket.getPeerX509Certificate()?.serialNumber });
      socket.destroy();
    });
    socket.on("error", reject);
  });
}

describe("TLS", () => {
  it("serves over HTTPS with certificate and key from files beside the web config", async () => {
    await serving(webConfig(), async (server) => {
      assert.match(server.url, /^https:/);
      const { status, text } = await asked(server);
      assert.deepEqual([status, JSON.parse(text).status], [200, "ok"]);
    });
  });

  it("serves with certificate and key in the web config itself", async () => {
    const indented = (pem: string): string => `|\n${pem.trim().replace(/^/gm, "    ")}`;
    const config = folder.file("inline.yml", `tls_server_config:\n  cert: ${indented(host.cert)}\n  key: ${indented(host.key)}\n`);
    await serving(config, async (server) => assert.equal((await asked(server)).status, 200));
  });

  it("has no answer for a client that speaks no TLS", async () => {
    await serving(webConfig(), async (server) => assert.equal(await raw(server.port, "GET / HTTP/1.0\r\n\r\n"), ""));
  });

  it("settles on HTTP/1.1 with a client that would like HTTP/2", async () => {
    await serving(webConfig(), async (server) => {
      assert.equal((await handshake(server, { ALPNProtocols: ["h2", "http/1.1"] })).application, "http/1.1");
    });
  });

  const handshakes: [what: string, lines: string[], client: ConnectionOptions, works: boolean][] = [
    ["TLS 1.3 by default", [], { minVersion: "TLSv1.3" }, true],
    ["TLS 1.2 by default", [], { maxVersion: "TLSv1.2" }, true],
    ["no TLS 1.1 by default", [], { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" }, false],
    ["no TLS 1.2 below min_version", ["min_version: TLS13"], { maxVersion: "TLSv1.2" }, false],
    ["no TLS 1.3 above max_version", ["max_version: TLS12"], { minVersion: "TLSv1.3" }, false],
    [
      "a chosen cipher",
      ["cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"],
      { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256" },
      true,
    ],
    [
      "no other cipher",
      ["cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"],
      { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES256-GCM-SHA384" },
      false,
    ],
    ["TLS 1.3 beside chosen ciphers", ["cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]"], { minVersion: "TLSv1.3" }, true],
    ["a chosen curve", ["curve_preferences: [CurveP521]"], { ecdhCurve: "P-521" }, true],
    ["no other curve", ["curve_preferences: [CurveP521]"], { ecdhCurve: "P-384" }, false],
    ["all of Go's curves", ["curve_preferences: [CurveP256, CurveP384, CurveP521, X25519]"], { ecdhCurve: "X25519" }, true],
  ];
  for (const [what, lines, options, works] of handshakes) {
    it(`takes ${what}`, () =>
      serving(webConfig(lines), async (server) => {
        if (works) await handshake(server, options);
        else await assert.rejects(handshake(server, options));
      }));
  }

  it("prefers the server's order of ciphers, or the client's where told", async () => {
    const suites = "cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256]";
    const options: ConnectionOptions = { maxVersion: "TLSv1.2", ciphers: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384" };
    const chosen = async (lines: string[]): Promise<string> => {
      let cipher = "";
      await serving(webConfig(lines), async (server) => {
        ({ cipher } = await handshake(server, options));
      });
      return cipher;
    };
    assert.equal(await chosen([suites]), "ECDHE-ECDSA-AES256-GCM-SHA384");
    assert.equal(await chosen([suites, "prefer_server_cipher_suites: false"]), "ECDHE-ECDSA-AES128-GCM-SHA256");
  });
});

describe("client certificates", () => {
  const SANS = "client_allowed_sans";
  const cases: [policy: string, lines: string[], shown: "none" | "client" | "stranger", admitted: boolean][] = [
    ["NoClientCert", [], "none", true],
    ["NoClientCert", [], "stranger", true],
    ["RequestClientCert", [], "none", true],
    ["RequestClientCert", [], "stranger", true],
    ["RequireAnyClientCert", [], "none", false],
    ["RequireAnyClientCert", [], "stranger", true],
    ["RequireClientCert", [], "none", false],
    ["VerifyClientCertIfGiven", ["client_ca_file: ca.crt"], "none", true],
    ["VerifyClientCertIfGiven", ["client_ca_file: ca.crt"], "client", true],
    ["VerifyClientCertIfGiven", ["client_ca_file: ca.crt"], "stranger", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt"], "none", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt"], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt"], "stranger", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: [other.example]`], "client", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: [other.example, scraper.example]`], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: [10.0.0.1]`], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: ["fd00:0::1"]`], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: [ops@example.com]`], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: ["spiffe://example/scraper"]`], "client", true],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: [scraper.example]`], "stranger", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: ["*.example"]`], "client", false],
    ["RequireAndVerifyClientCert", ["client_ca_file: ca.crt", `${SANS}: []`], "client", false],
    ["RequireAnyClientCert", [`${SANS}: [scraper.example]`], "stranger", true],
  ];
  for (const [policy, lines, shown, admitted] of cases) {
    const sans = lines.find((line) => line.startsWith(SANS)) ?? "";
    it(`${policy} ${sans} ${admitted ? "admits" : "turns away"} ${shown === "none" ? "who shows none" : `the ${shown}'s`}`, () =>
      serving(webConfig([`client_auth_type: ${policy}`, ...lines]), async (server) => {
        const certificate =
          shown === "none" ? {} : { cert: (shown === "client" ? client : stranger).cert, key: (shown === "client" ? client : stranger).key };
        if (admitted) assert.equal((await asked(server, certificate)).status, 200);
        else await assert.rejects(asked(server, certificate));
        // TLS 1.2 tells the client within the handshake, 1.3 after it: neither may let anything through.
        if (!admitted) await assert.rejects(asked(server, { ...certificate, maxVersion: "TLSv1.2" }));
      }));
  }
});

describe("a changed web config", () => {
  const errorsOf = (path: string): { code: string; message: RegExp } => ({ code: "CONFIG_INVALID", message: new RegExp(path) });

  it("is in force without a restart: a new certificate, then asking for clients' certificates, then other clients'", async () => {
    const config = webConfig();
    await serving(config, async (server) => {
      const serial = async (): Promise<string | undefined> => (await handshake(server, {})).serialNumber;
      const first = await serial();
      assert.match(first ?? "", /^[0-9A-F]+$/);
      const renewed = folder.signed("renewed", ca, "DNS:localhost,IP:127.0.0.1");
      renameSync(renewed.keyFile, host.keyFile);
      renameSync(renewed.certFile, host.certFile);
      await until("the new certificate", async () => (await serial()) !== first);
      const write = (lines: string): string =>
        folder.file(config.split("/").at(-1)!, `tls_server_config:\n  cert_file: host.crt\n  key_file: host.key\n${lines}`);
      write("  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n");
      const works = (options: ConnectionOptions): Promise<boolean> =>
        asked(server, options).then(
          ({ status }) => status === 200,
          () => false,
        );
      await until("clients without a certificate to be turned away", async () => !(await works({})));
      assert.equal(await works({ cert: client.cert, key: client.key }), true);
      write("");
      await until("everyone to be let in again", () => works({}));
    });
  });

  it("ends the connections that were made under the old one", async () => {
    const config = webConfig();
    await serving(config, async (server) => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: ca.cert });
      const first = await asked(server, { agent } as ConnectionOptions);
      assert.equal(first.headers.connection, "keep-alive");
      folder.file(
        config.split("/").at(-1)!,
        "tls_server_config: {cert_file: host.crt, key_file: host.key, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\n",
      );
      await until("the connection without a certificate to end", () =>
        asked(server, { agent } as ConnectionOptions).then(
          () => false,
          () => true,
        ),
      );
      agent.destroy();
    });
  });

  it("stays out of force while it is broken; that is told once, and counted", async () => {
    const config = webConfig();
    const name = config.split("/").at(-1)!;
    await serving(config, async (server, errors) => {
      folder.file(name, "tls_server_config: {cert_file: host.crt, key_file: nowhere.key}\n");
      await until("the error", () => errors.length > 0);
      assert.equal((await asked(server)).status, 200);
      assert.match(errors[0]!.message, /key_file cannot be read.*nowhere\.key/);
      folder.file(name, "tls_server_confg: {}\n");
      await until("the second error", () => errors.length > 1);
      assert.match(errors[1]!.message, /unknown key "tls_server_confg".*Known here: tls_server_config, /);
      folder.file(name, "# TLS is off\n");
      await until("the third error", () => errors.length > 2);
      assert.match(errors[2]!.message, /TLS on or off.*Restart/);
      assert.equal(errors.length, 3);
      const { text } = await get(`${server.url}/metrics`, { ca: ca.cert } as RequestOptions);
      assert.match(text, /^inferometer_web_config_reloads_total\{status="error"\} 3$/m);
    });
  });

  it("refuses at the start what cannot be used", async () => {
    const attempts: [lines: string, message: string][] = [
      ["tls_server_config: {cert_file: host.crt, key_file: client.key}", "Check that the key belongs to the certificate"],
      ["tls_server_config: {cert_file: missing.crt, key_file: host.key}", "bad.yml: tls_server_config: cert_file cannot be read"],
      ["tls_server_config: {cert_file: host.key, key_file: host.key}", "cannot be used"],
      [
        "tls_server_config: {cert_file: host.crt, key_file: host.key, client_ca_file: host.key, client_auth_type: RequireAndVerifyClientCert}",
        "client_ca holds no certificate",
      ],
    ];
    for (const [text, message] of attempts) {
      await assert.rejects(serve({ port: 0, registry: new Registry(), webConfig: folder.file("bad.yml", text) }), errorsOf(message));
    }
  });
});
