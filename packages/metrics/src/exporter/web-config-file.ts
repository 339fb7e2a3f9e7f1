import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { InferometerError, shown } from "../core/errors.ts";
import { loadBcrypt } from "./bcrypt.ts";
import { FileStamps } from "./file-stamps.ts";
import { parseYaml } from "./load-yaml.ts";
import { filesOf } from "./tls-config.ts";
import { type TlsSettings, tlsSettings } from "./tls-settings.ts";
import { type WebConfig, webConfigOf } from "./web-config.ts";

/** A web config with the files that it names, checked as a whole. */
export interface LoadedWebConfig {
  readonly config: WebConfig;
  /** Undefined: plain HTTP. */
  readonly tls: TlsSettings | undefined;
}

/** A web config on disk. */
export class WebConfigFile {
  readonly #path: string;
  readonly #stamps: FileStamps = new FileStamps();
  #files: readonly string[];

  constructor(path: string) {
    if (typeof path !== "string" || path === "")
      throw new InferometerError("OPTION_INVALID", `webConfig is ${shown(path)}. Give the path of a web config file.`);
    this.#path = resolve(path);
    this.#files = [this.#path];
  }

  /** Whether the file or one that it names changed since this was last asked. */
  changed(): Promise<boolean> {
    return this.#stamps.changed(this.#files);
  }

  /** Reads it all. Throws CONFIG_INVALID and PACKAGE_MISSING. */
  async load(): Promise<LoadedWebConfig> {
    let text: string;
    try {
      text = await readFile(this.#path, "utf8");
    } catch (cause) {
      throw new InferometerError("CONFIG_INVALID", `The web config ${shown(this.#path)} cannot be read: ${(cause as Error).message}.`, { cause });
    }
    const config = webConfigOf(await parseYaml(text, this.#path), this.#path);
    // From here on also the files that it names are watched, be they good or not yet.
    this.#files = [this.#path, ...filesOf(config.tls)];
    if (config.users.size > 0) await loadBcrypt();
    try {
      return { config, tls: config.tls === undefined ? undefined : await tlsSettings(config.tls) };
    } catch (cause) {
      throw new InferometerError("CONFIG_INVALID", `${this.#path}: ${(cause as Error).message}`, { cause });
    }
  }
}
