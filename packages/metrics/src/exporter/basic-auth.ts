import { createHmac, randomBytes } from "node:crypto";

/** Compares a password with a bcrypt hash. */
export type ComparePassword = (password: string, hash: string) => Promise<boolean>;

/** How many wrong passwords are remembered. Right ones are bounded by the number of users. */
const MAX_REFUSALS = 100;

/** Comparisons that may wait for their turn: more is an attack, and the next ones are told to come back. */
const MAX_WAITING = 32;

/** What became of a request's credentials. */
export type AuthOutcome = "allowed" | "refused" | "busy";

/**
 * HTTP basic authentication against bcrypt hashes.
 *
 * Comparing is slow on purpose, so outcomes are remembered, under a keyed digest of name, hash and password: no password stays in memory.
 * A name that nobody has costs a comparison with one of the real hashes, always the same one for the same name: neither the time nor a
 * second try tells whether a name exists.
 */
export class BasicAuth {
  readonly #users: ReadonlyMap<string, string>;
  readonly #decoys: readonly string[];
  readonly #compare: ComparePassword;
  readonly #key: Buffer = randomBytes(32);
  readonly #allowed: Map<string, string> = new Map();
  readonly #refused: Set<string> = new Set();
  readonly #running: Map<string, Promise<boolean>> = new Map();

  constructor(users: ReadonlyMap<string, string>, compare: ComparePassword) {
    this.#users = users;
    this.#decoys = [...users.values()];
    this.#compare = compare;
  }

  /** Judges an Authorization header. Rejects when the comparison itself fails. */
  async check(authorization: string | undefined): Promise<AuthOutcome> {
    const credentials = credentialsOf(authorization);
    if (credentials === undefined) return "refused";
    const { name, password } = credentials;
    const known = this.#users.get(name);
    const hash = known ?? this.#decoyFor(name);
    // JSON keeps the parts apart: joined with a separator, two different logins could meet (CVE-2022-46146).
    const digest = this.#digest(JSON.stringify([name, hash, password]));
    if (this.#allowed.get(name) === digest) return "allowed";
    if (this.#refused.has(digest)) return "refused";
    let running = this.#running.get(digest);
    if (running === undefined) {
      if (this.#running.size >= MAX_WAITING) return "busy";
      running = this.#compare(password, hash).finally(() => this.#running.delete(digest));
      this.#running.set(digest, running);
    }
    const isMatch = (await running) && known !== undefined;
    if (isMatch) this.#allowed.set(name, digest);
    else this.#remember(digest);
    return isMatch ? "allowed" : "refused";
  }

  #decoyFor(name: string): string {
    return this.#decoys[Number.parseInt(this.#digest(name).slice(0, 8), 16) % this.#decoys.length]!;
  }

  #digest(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("hex");
  }

  #remember(digest: string): void {
    this.#refused.add(digest);
    if (this.#refused.size > MAX_REFUSALS) this.#refused.delete(this.#refused.values().next().value!);
  }
}

function credentialsOf(authorization: string | undefined): { name: string; password: string } | undefined {
  const encoded = authorization === undefined ? undefined : /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization.trim())?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
