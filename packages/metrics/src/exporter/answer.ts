/** How the sending of an answer ended: all of it left, the client was too slow, or it went away. */
export type Outcome = "sent" | "slow" | "gone";

/** An answer to a request, before it becomes node's or fetch's. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in pieces that may be kept. Undefined: none. */
  readonly pieces?: Iterator<Uint8Array>;
  /** To be called once, whatever happens. */
  readonly ended?: (outcome: Outcome) => void;
}

/** A request, as far as the exporter looks at it. */
export interface Asked {
  readonly method: string;
  /** The request target: a path and perhaps a query; a proxy's clients send a whole URL. */
  readonly target: string;
  /** A header's value, by its name in lower case. */
  header(name: string): string | undefined;
}

/** On every answer: what stands in a scrape is true for that moment only, and no browser should guess at its type. */
const ALWAYS: Readonly<Record<string, string>> = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

/** An answer with a body at hand. */
export function answer(status: number, contentType: string, text: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = new TextEncoder().encode(text);
  return {
    status,
    headers: { ...ALWAYS, "content-type": contentType, "content-length": String(body.byteLength), ...headers },
    pieces: [body][Symbol.iterator](),
  };
}

/** An answer whose body comes in pieces, or (to HEAD) not at all. */
export function streamed(parts: {
  headers: Readonly<Record<string, string>>;
  pieces?: Iterator<Uint8Array>;
  ended?: (outcome: Outcome) => void;
}): Answer {
  return { status: 200, ...parts, headers: { ...ALWAYS, ...parts.headers } };
}

/** A line of text for people; constant, so that it tells a stranger nothing. */
export function plainAnswer(status: number, line: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return answer(status, "text/plain; charset=utf-8", `${line}\n`, headers);
}

/** The same answer for HEAD. */
export function withoutBody({ status, headers, ended }: Answer): Answer {
  return { status, headers, ...(ended === undefined ? {} : { ended }) };
}

/** Path and query of a request target. */
export function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const relative = target.replace(/^https?:\/\/[^/?]*/i, "");
  const question = relative.indexOf("?");
  const path = question === -1 ? relative : relative.slice(0, question);
  return { path: path === "" ? "/" : path, query: new URLSearchParams(question === -1 ? "" : relative.slice(question + 1)) };
}
