import { X509Certificate } from "node:crypto";
import { isIPv6 } from "node:net";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import { InferometerError } from "../core/errors.ts";
import { type TlsPlan, textOf, verifies } from "./tls-config.ts";

/** A TLS plan with its files read: what a server needs. */
export interface TlsSettings {
  readonly context: SecureContextOptions;
  /** Whether clients are asked for a certificate. */
  readonly requestCert: boolean;
  /** Whether a client may talk to us, after its handshake. */
  admits(socket: TLSSocket): boolean;
}

/** Reads a plan's files. Throws CONFIG_INVALID for what is missing, is no certificate or key, or does not belong together. */
export async function tlsSettings(plan: TlsPlan): Promise<TlsSettings> {
  const [cert, key, clientCa] = await Promise.all([
    textOf(plan.cert, "cert"),
    textOf(plan.key, "key"),
    plan.clientCa === undefined ? undefined : textOf(plan.clientCa, "client_ca"),
  ]);
  // OpenSSL would take a file without any certificate for an empty list of authorities.
  if (clientCa !== undefined) checkCertificate(clientCa);
  const context: SecureContextOptions = {
    cert,
    key,
    ...(clientCa === undefined ? {} : { ca: clientCa }),
    minVersion: plan.minVersion,
    maxVersion: plan.maxVersion,
    ...(plan.ciphers === undefined ? {} : { ciphers: plan.ciphers.join(":") }),
    ...(plan.curves === undefined ? {} : { ecdhCurve: plan.curves.join(":") }),
    honorCipherOrder: plan.preferServerCiphers,
  };
  try {
    createSecureContext(context);
  } catch (cause) {
    throw new InferometerError(
      "CONFIG_INVALID",
      `tls_server_config cannot be used: ${(cause as Error).message}. Check that the key belongs to the certificate.`,
      { cause },
    );
  }
  return { context, requestCert: plan.clientAuth !== "NoClientCert", admits: (socket) => admits(plan, socket) };
}

function admits(plan: TlsPlan, socket: TLSSocket): boolean {
  const { clientAuth, allowedSans } = plan;
  if (clientAuth === "NoClientCert" || clientAuth === "RequestClientCert") return true;
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return clientAuth === "VerifyClientCertIfGiven";
  if (verifies(clientAuth) && !socket.authorized) return false;
  if (allowedSans === undefined) return true;
  const names = subjectAltNames(certificate.subjectAltName);
  return allowedSans.some((allowed) => names.includes(canonical(allowed)));
}

/** The names in Node's text form `DNS:a.example, IP Address:10.0.0.1`, in which a value with odd characters stands in JSON quotes. */
export function subjectAltNames(text: string | undefined): string[] {
  const names: string[] = [];
  const entry = /([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/y;
  for (let found = entry.exec(text ?? ""); found !== null && found[0] !== ""; found = entry.exec(text ?? "")) {
    const [, kind, value = ""] = found;
    if (!/^(?:DNS|IP Address|email|URI)$/.test(kind!)) continue;
    try {
      names.push(canonical(value.startsWith('"') ? (JSON.parse(value) as string) : value));
    } catch {
      // A name that cannot be read cannot be allowed.
    }
  }
  return names;
}

/** IPv6 has many spellings for one address. */
function canonical(name: string): string {
  return isIPv6(name) && !name.includes("%") ? new URL(`http://[${name}]`).hostname.slice(1, -1) : name;
}

function checkCertificate(pem: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw new InferometerError(
      "CONFIG_INVALID",
      "tls_server_config: client_ca holds no certificate in PEM form. Name the file of the authority that signs your clients.",
      { cause },
    );
  }
}
