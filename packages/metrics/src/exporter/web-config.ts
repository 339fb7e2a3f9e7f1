import { validateHeaderValue } from "node:http";
import { dirname, resolve } from "node:path";
import { InferometerError, shown } from "../core/errors.ts";
import { ConfigSection } from "./config-section.ts";
import { readTlsSection, type TlsPlan } from "./tls-config.ts";

/** A web config, read: what prometheus/exporter-toolkit calls `web.Config`. */
export interface WebConfig {
  /** Undefined: plain HTTP. */
  readonly tls: TlsPlan | undefined;
  /** Added to every answer; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names to bcrypt hashes. Empty: no basic authentication. */
  readonly users: ReadonlyMap<string, string>;
  readonly rateLimit: { readonly intervalMs: number; readonly burst: number } | undefined;
}

/** Headers that may be set, and the values that some of them are limited to: the toolkit's list. */
const HEADERS: Readonly<Record<string, readonly string[] | undefined>> = {
  "Strict-Transport-Security": undefined,
  "Content-Security-Policy": undefined,
  "X-XSS-Protection": undefined,
  "X-Content-Type-Options": ["nosniff"],
  "X-Frame-Options": ["deny", "sameorigin"],
};

/**
 * Reads the mapping that a web config's YAML holds, in the format of prometheus/exporter-toolkit. Unknown keys are refused. Names of files
 * in it are relative to `file`. Throws CONFIG_INVALID.
 *
 * `http2` is read and has no effect: a scraper asks once in seconds over a connection that stays open, for which HTTP/1.1 is as good, and
 * node:http has the limits against slow clients that node:http2 lacks. Clients settle on HTTP/1.1 by themselves.
 */
export function webConfigOf(value: unknown, file: string): WebConfig {
  const root = new ConfigSection(file, value);
  const tls = readTlsSection(root.section("tls_server_config"), (name) => resolve(dirname(file), name));
  const http = root.section("http_server_config");
  const users = root.section("basic_auth_users").all();
  const rateLimit = readRateLimit(root.section("rate_limit"));
  root.end();
  http.flag("http2", true);
  const headers = readHeaders(http.section("headers").all(), file);
  http.end();
  for (const [name, hash] of users) {
    // The hash is a secret of sorts: it is not shown.
    if (!/^\$2[abxy]\$(?:0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$/.test(hash)) {
      throw new InferometerError(
        "CONFIG_INVALID",
        `${file}: basic_auth_users: the password of ${shown(name)} is not a bcrypt hash. Make one: htpasswd -nBC 10 "" | tr -d ':\\n'`,
      );
    }
  }
  return { tls, headers, users, rateLimit };
}

function readHeaders(configured: ReadonlyMap<string, string>, file: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of configured) {
    const refuse = (way: string): never => {
      throw new InferometerError("CONFIG_INVALID", `${file}: http_server_config: headers: ${name} is ${shown(value)}. ${way}`);
    };
    if (!Object.hasOwn(HEADERS, name)) refuse(`This header cannot be configured; these can: ${Object.keys(HEADERS).join(", ")}.`);
    const allowed = HEADERS[name];
    if (allowed !== undefined && !allowed.includes(value)) refuse(`It must be ${allowed.join(" or ")}.`);
    try {
      validateHeaderValue(name, value);
    } catch {
      refuse("It holds characters that no header may.");
    }
    if (value !== "") headers[name.toLowerCase()] = value;
  }
  return headers;
}

function readRateLimit(section: ConfigSection): WebConfig["rateLimit"] {
  const intervalMs = section.duration("interval") ?? 0;
  const burst = section.integer("burst") ?? 0;
  section.end();
  if (intervalMs === 0) return undefined;
  // The toolkit takes 0 and then turns every request away.
  if (burst === 0) throw section.refused("burst", burst, "at least 1, or no request would ever pass");
  return { intervalMs, burst };
}
