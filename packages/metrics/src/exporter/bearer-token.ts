import { createHash, timingSafeEqual } from "node:crypto";
import { readFile } from "node:fs/promises";
import { InferometerError, shown } from "../core/errors.ts";
import { FileStamps } from "./file-stamps.ts";

/** A secret, or the file that holds it (read again when it changes; white space around it is ignored). */
export type BearerTokenSource = string | { readonly file: string };

/** Who shows the token may pass. */
export class BearerToken {
  readonly #file: string | undefined;
  readonly #stamps: FileStamps = new FileStamps();
  /** Digests are of one length, so that comparing takes the same time whatever was sent. */
  #digest: Buffer | undefined;
  #refreshing: Promise<void> | undefined;

  /** Throws OPTION_INVALID for an empty token. A file is read by `refresh`. */
  constructor(source: BearerTokenSource) {
    this.#file = typeof source === "string" ? undefined : source?.file;
    if (typeof source === "string") this.#digest = digestOf(checked(source, "bearerToken"));
    else if (typeof this.#file !== "string")
      throw new InferometerError("OPTION_INVALID", `bearerToken is ${shown(source)}. Give the token, or { file: "path" }.`);
  }

  /** Reads the file if it changed. Throws CONFIG_INVALID or OPTION_INVALID when it cannot be read or holds no token; the last token then stays in force. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #read(): Promise<void> {
    if (this.#file === undefined || !(await this.#stamps.changed([this.#file]))) return;
    let text: string;
    try {
      text = await readFile(this.#file, "utf8");
    } catch (cause) {
      throw new InferometerError("CONFIG_INVALID", `The bearer token's file ${shown(this.#file)} cannot be read: ${(cause as Error).message}.`, {
        cause,
      });
    }
    this.#digest = digestOf(checked(text.trim(), `The bearer token's file ${shown(this.#file)}`));
  }

  /** Whether an Authorization header shows the token. */
  allows(authorization: string | undefined): boolean {
    const given = authorization === undefined ? undefined : /^bearer +(\S+)$/i.exec(authorization.trim())?.[1];
    // Node hands headers over as latin1; clients send UTF-8.
    return given !== undefined && this.#digest !== undefined && timingSafeEqual(digestOf(Buffer.from(given, "latin1")), this.#digest);
  }
}

function digestOf(token: string | Buffer): Buffer {
  return createHash("sha256").update(token).digest();
}

function checked(token: string, what: string): string {
  if (token === "" || /\s/.test(token)) {
    const seen = token === "" ? "empty" : "a text with white space";
    throw new InferometerError("OPTION_INVALID", `${what} is ${seen}. A token is one word; leave the option out to let everyone in.`);
  }
  return token;
}
