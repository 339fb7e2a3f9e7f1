import { type Duration, parseDuration } from "../core/duration.ts";
import { InferometerError, shown } from "../core/errors.ts";

/** A mapping in a config file, read key by key; what nobody asked for is refused, so that a misspelt key never goes unnoticed. */
export class ConfigSection {
  readonly #where: string;
  readonly #entries: Map<string, unknown>;
  readonly #known: string[] = [];

  /** Throws CONFIG_INVALID unless `value` is a mapping or nothing. */
  constructor(where: string, value: unknown) {
    this.#where = where;
    if (value !== undefined && value !== null && (typeof value !== "object" || Array.isArray(value))) {
      throw new InferometerError("CONFIG_INVALID", `${where} is ${shown(value)}. It must be a mapping of keys to values.`);
    }
    this.#entries = new Map(Object.entries(value ?? {}).filter(([, entry]) => entry !== null));
  }

  text(key: string): string | undefined {
    const value = this.#take(key);
    if (value === undefined || typeof value === "string") return value === "" ? undefined : value;
    throw this.refused(key, value, "a text");
  }

  texts(key: string): readonly string[] | undefined {
    const value = this.#take(key);
    if (value === undefined) return undefined;
    if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
    throw this.refused(key, value, "a list of texts");
  }

  /** YAML 1.1's words for true and false count too: Go's reader, which this format comes from, takes them. */
  flag(key: string, otherwise: boolean): boolean {
    const value = this.#take(key) ?? otherwise;
    if (typeof value === "boolean") return value;
    if (typeof value === "string" && /^(?:y|yes|on)$/i.test(value)) return true;
    if (typeof value === "string" && /^(?:n|no|off)$/i.test(value)) return false;
    throw this.refused(key, value, "true or false");
  }

  integer(key: string): number | undefined {
    const value = this.#take(key);
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | undefined;
    throw this.refused(key, value, "a whole number");
  }

  /** Milliseconds; a bare 0 needs no unit. */
  duration(key: string): number | undefined {
    const value = this.#take(key);
    if (value === undefined || value === 0 || value === "0") return value === undefined ? undefined : 0;
    try {
      return parseDuration(value as Duration);
    } catch {
      throw this.refused(key, value, 'a duration such as "100ms" or "1s"');
    }
  }

  /** One of a few words, as the value it stands for. */
  word<T>(key: string, words: ReadonlyMap<string, T>, otherwise: T): T {
    const value = this.text(key);
    return value === undefined ? otherwise : this.#meaning(key, value, words);
  }

  words<T>(key: string, words: ReadonlyMap<string, T>): readonly T[] | undefined {
    return this.texts(key)?.map((value) => this.#meaning(key, value, words));
  }

  section(key: string): ConfigSection {
    return new ConfigSection(`${this.#where}: ${key}`, this.#take(key));
  }

  /** All entries, each a text, whatever their names. */
  all(): ReadonlyMap<string, string> {
    const texts = new Map<string, string>();
    for (const [key, value] of this.#entries) {
      if (typeof value !== "string") throw this.refused(key, value, "a text");
      texts.set(key, value);
    }
    return texts;
  }

  /** Throws CONFIG_INVALID for a key that was not asked for. */
  end(): void {
    for (const key of this.#entries.keys()) {
      if (this.#known.includes(key)) continue;
      throw new InferometerError("CONFIG_INVALID", `${this.#where}: unknown key ${shown(key)}. Known here: ${this.#known.join(", ")}.`);
    }
  }

  refused(key: string, value: unknown, wanted: string): InferometerError {
    return new InferometerError("CONFIG_INVALID", `${this.#where}: ${key} is ${shown(value)}. It must be ${wanted}.`);
  }

  #take(key: string): unknown {
    this.#known.push(key);
    return this.#entries.get(key);
  }

  #meaning<T>(key: string, value: string, words: ReadonlyMap<string, T>): T {
    const meaning = words.get(value);
    if (meaning === undefined) throw this.refused(key, value, `one of ${[...words.keys()].join(", ")}`);
    return meaning;
  }
}
