import { readFile } from "node:fs/promises";
import type { SecureVersion } from "node:tls";
import { InferometerError } from "../core/errors.ts";
import type { ConfigSection } from "./config-section.ts";

/** How clients prove who they are; Go's names for it. */
export type ClientAuth = "NoClientCert" | "RequestClientCert" | "RequireAnyClientCert" | "VerifyClientCertIfGiven" | "RequireAndVerifyClientCert";

/** A text, or the file that it is in. */
export type Source = { readonly text: string } | { readonly file: string };

/** A tls_server_config, read but for its files. */
export interface TlsPlan {
  readonly cert: Source;
  readonly key: Source;
  readonly clientCa: Source | undefined;
  readonly clientAuth: ClientAuth;
  /** A client's certificate must have one of these subject alternative names. */
  readonly allowedSans: readonly string[] | undefined;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** OpenSSL's names. Undefined: Node's default. */
  readonly ciphers: readonly string[] | undefined;
  readonly curves: readonly string[] | undefined;
  readonly preferServerCiphers: boolean;
}

const CLIENT_AUTH: ReadonlyMap<string, ClientAuth> = new Map([
  ["NoClientCert", "NoClientCert"],
  ["RequestClientCert", "RequestClientCert"],
  ["RequireAnyClientCert", "RequireAnyClientCert"],
  ["RequireClientCert", "RequireAnyClientCert"], // the toolkit's name before Go had one
  ["VerifyClientCertIfGiven", "VerifyClientCertIfGiven"],
  ["RequireAndVerifyClientCert", "RequireAndVerifyClientCert"],
]);

const VERSIONS: ReadonlyMap<string, SecureVersion> = new Map([
  ["TLS10", "TLSv1"],
  ["TLS11", "TLSv1.1"],
  ["TLS12", "TLSv1.2"],
  ["TLS13", "TLSv1.3"],
]);

const TLS13_CIPHERS = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];

/** Go's tls.CipherSuites() and what OpenSSL calls them. */
const CIPHERS: ReadonlyMap<string, string> = new Map([
  ...TLS13_CIPHERS.map((name) => [name, name] as const),
  ["TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"],
  ["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"],
  ["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
  ["TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"],
  ["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"],
  ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"],
]);

const CURVES: ReadonlyMap<string, string> = new Map([
  ["CurveP256", "P-256"],
  ["CurveP384", "P-384"],
  ["CurveP521", "P-521"],
  ["X25519", "X25519"],
]);

/** Reads tls_server_config; undefined where it asks for no TLS. Throws CONFIG_INVALID. */
export function readTlsSection(section: ConfigSection, pathOf: (name: string) => string): TlsPlan | undefined {
  const source = (key: string): Source | undefined => {
    const [text, file] = [section.text(key), section.text(`${key}_file`)];
    if (text !== undefined && file !== undefined) throw section.refused(`${key}_file`, file, `left out where ${key} is given`);
    return file !== undefined ? { file: pathOf(file) } : text !== undefined ? { text } : undefined;
  };
  const [cert, key, clientCa] = [source("cert"), source("key"), source("client_ca")];
  const clientAuthWord = section.text("client_auth_type");
  const clientAuth = section.word("client_auth_type", CLIENT_AUTH, "NoClientCert");
  const allowedSans = section.texts("client_allowed_sans");
  const minVersion = section.word("min_version", VERSIONS, "TLSv1.2");
  const maxVersion = section.word("max_version", VERSIONS, "TLSv1.3");
  const ciphers = section.words("cipher_suites", CIPHERS);
  const curves = section.words("curve_preferences", CURVES);
  const preferServerCiphers = section.flag("prefer_server_cipher_suites", true);
  section.end();
  if (cert === undefined && key === undefined && clientCa === undefined && clientAuthWord === undefined) return undefined;
  if (cert === undefined) throw section.refused("cert", undefined, "given, or cert_file: a server needs a certificate");
  if (key === undefined) throw section.refused("key", undefined, "given, or key_file: the certificate's private key");
  if (clientCa !== undefined && clientAuth === "NoClientCert")
    throw section.refused("client_auth_type", clientAuth, "another where client_ca is given, such as RequireAndVerifyClientCert");
  if (allowedSans !== undefined && clientAuth !== "RequireAnyClientCert" && clientAuth !== "RequireAndVerifyClientCert") {
    throw section.refused(
      "client_auth_type",
      clientAuth,
      "RequireAndVerifyClientCert where client_allowed_sans is given: without a certificate there is no name to look at",
    );
  }
  if (clientCa === undefined && allowedSans === undefined && verifies(clientAuth)) {
    // Stricter than the toolkit, which then trusts the system's authorities: whoever bought a certificate anywhere would be let in.
    throw section.refused(
      "client_ca",
      undefined,
      `given, or client_ca_file, where client_auth_type is ${clientAuth}: the authority that signs your clients`,
    );
  }
  return {
    cert,
    key,
    clientCa,
    clientAuth,
    allowedSans,
    minVersion,
    maxVersion,
    // As in Go, only the suites of TLS 1.2 can be chosen; those of 1.3 stay.
    ciphers: ciphers === undefined || ciphers.length === 0 ? undefined : [...new Set([...TLS13_CIPHERS, ...ciphers])],
    curves: curves === undefined || curves.length === 0 ? undefined : curves,
    preferServerCiphers,
  };
}

/** Whether a certificate that is shown must be signed by the client CA. */
export function verifies(clientAuth: ClientAuth): boolean {
  return clientAuth === "VerifyClientCertIfGiven" || clientAuth === "RequireAndVerifyClientCert";
}

/** The files that a plan names. */
export function filesOf(plan: TlsPlan | undefined): string[] {
  return [plan?.cert, plan?.key, plan?.clientCa].flatMap((source) => (source !== undefined && "file" in source ? [source.file] : []));
}

/** The text behind a source. Throws CONFIG_INVALID for a file that cannot be read. */
export async function textOf(source: Source, key: string): Promise<string> {
  if ("text" in source) return source.text;
  try {
    return await readFile(source.file, "utf8");
  } catch (cause) {
    throw new InferometerError(
      "CONFIG_INVALID",
      `tls_server_config: ${key}_file cannot be read: ${(cause as Error).message}. Name a file that is there and may be read; a relative path begins at the config's folder.`,
      { cause },
    );
  }
}
