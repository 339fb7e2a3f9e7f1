import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer, type Server as HttpsServer } from "node:https";
import { InferometerError, shown } from "../core/errors.ts";
import type { TlsSettings } from "./tls-settings.ts";

/**
 * Scrapers come every 10 to 60 s: a connection lives longer than that, or each scrape costs a new one (and a TLS handshake). What a request
 * itself may take is short: one that trickles in is cut off after 5 s (its head) or 10 s (all of it). Node looks after that at an interval, which
 * is all that an idle server does: once a second cost 8 ms of CPU a minute, so a slow request has up to 5 s more.
 */
const LIMITS = {
  keepAliveTimeout: 120_000,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 8192,
} as const;

const HANDSHAKE_TIMEOUT_MS = 5_000;

/** A server that does not listen yet; with TLS where there are settings for it. */
export function createServer(tls: TlsSettings | undefined, listener: RequestListener): HttpServer | HttpsServer {
  if (tls === undefined) return createHttpServer(LIMITS, listener);
  // Who is admitted is decided after the handshake, by the settings in force then: see server.ts.
  const { context, requestCert } = tls;
  return createHttpsServer({ ...LIMITS, ...context, requestCert, rejectUnauthorized: false, handshakeTimeout: HANDSHAKE_TIMEOUT_MS }, listener);
}

/** Starts to listen. Throws PORT_IN_USE and LISTEN_FAILED, each with what to do. */
export async function listen(server: HttpServer | HttpsServer, at: { readonly port: number; readonly host: string }): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(at, () => {
        server.off("error", reject);
        resolve();
      });
    });
  } catch (cause) {
    throw listenError(cause as NodeJS.ErrnoException, at);
  }
}

function listenError(cause: NodeJS.ErrnoException, { port, host }: { readonly port: number; readonly host: string }): InferometerError {
  const where = `port ${port} of ${host}`;
  switch (cause.code) {
    case "EADDRINUSE": {
      const holder = port === 9090 ? "an earlier run of this program, or Prometheus, whose own port is 9090 too" : "an earlier run of this program";
      const way = `Choose another with the option port, or any free one with port: 0. To see who has it: ss -ltnp 'sport = :${port}' (macOS: lsof -i :${port})`;
      return new InferometerError("PORT_IN_USE", `Something listens on ${where} already: perhaps ${holder}. ${way}`, { cause });
    }
    case "EACCES":
      return new InferometerError("LISTEN_FAILED", `This user may not listen on ${where}. Choose a port above 1023, such as 9090.`, { cause });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new InferometerError(
        "LISTEN_FAILED",
        `${shown(host)} is no address of this machine. Use "127.0.0.1" for this machine only, "0.0.0.0" for all networks.`,
        { cause },
      );
    default:
      return new InferometerError("LISTEN_FAILED", `Cannot listen on ${where}: ${cause.message}.`, { cause });
  }
}
