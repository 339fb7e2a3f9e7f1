import type { Clock } from "../core/clock.ts";
import { type Answer, type Asked, plainAnswer } from "./answer.ts";
import { type AuthOutcome, BasicAuth, type ComparePassword } from "./basic-auth.ts";
import type { BearerToken } from "./bearer-token.ts";
import { RateLimit } from "./rate-limit.ts";
import type { SelfMetrics } from "./self-metrics.ts";
import type { WebConfig } from "./web-config.ts";

export interface GuardParts {
  readonly token: BearerToken | undefined;
  readonly compare: ComparePassword;
  readonly clock: Clock;
  readonly self: SelfMetrics;
  readonly onError: (error: Error) => void;
}

/** How often a token's file is looked at, at most. */
const REFRESH_MS = 1000;

const BASIC = 'Basic realm="metrics", charset="UTF-8"';
const BEARER = 'Bearer realm="metrics"';

/** Decides who gets an answer: rate limit first, then a bearer token or a user's password, whichever of the two is shown. */
export class Guard {
  readonly #parts: GuardParts;
  #limit: RateLimit | undefined;
  #limitKey = "";
  #users: BasicAuth | undefined;
  #refreshedAt: number = Number.NEGATIVE_INFINITY;

  constructor(parts: GuardParts) {
    this.#parts = parts;
  }

  /** Puts a web config's users and rate limit in force. An unchanged limit keeps its bucket. */
  configure(config: WebConfig): void {
    this.#users = config.users.size === 0 ? undefined : new BasicAuth(config.users, this.#parts.compare);
    const key = JSON.stringify(config.rateLimit ?? null);
    if (key === this.#limitKey) return;
    this.#limitKey = key;
    this.#limit = config.rateLimit === undefined ? undefined : new RateLimit(config.rateLimit, this.#parts.clock);
  }

  /** Undefined lets the request pass; an answer turns it away. */
  async check(asked: Asked): Promise<Answer | undefined> {
    const { token, self, onError } = this.#parts;
    if (this.#limit?.allows() === false) {
      self.failed("rate_limit");
      return plainAnswer(429, "Too many requests", { "retry-after": "1" });
    }
    if (token === undefined && this.#users === undefined) return undefined;
    const authorization = asked.header("authorization");
    if (token !== undefined) {
      await this.#refresh(token);
      if (token.allows(authorization)) return undefined;
    }
    let outcome: AuthOutcome = "refused";
    try {
      outcome = (await this.#users?.check(authorization)) ?? "refused";
    } catch (error) {
      onError(error as Error);
      return plainAnswer(503, "Passwords cannot be checked", { "retry-after": "1" });
    }
    if (outcome === "allowed") return undefined;
    self.failed("unauthorized");
    if (outcome === "busy") return plainAnswer(503, "Too many logins at a time", { "retry-after": "1" });
    const challenges = [...(this.#users === undefined ? [] : [BASIC]), ...(token === undefined ? [] : [BEARER])];
    return plainAnswer(401, "Unauthorized", { "www-authenticate": challenges.join(", ") });
  }

  async #refresh(token: BearerToken): Promise<void> {
    const now = this.#parts.clock.now();
    if (now - this.#refreshedAt < REFRESH_MS) return;
    try {
      await token.refresh();
    } catch (error) {
      this.#parts.onError(error as Error);
    }
    this.#refreshedAt = now;
  }
}
