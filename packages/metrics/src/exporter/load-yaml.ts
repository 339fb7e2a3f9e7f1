import { InferometerError } from "../core/errors.ts";

/** Reads YAML with the package `yaml`, an optional peer. Throws PACKAGE_MISSING, and CONFIG_INVALID for text that is not YAML. */
export async function parseYaml(text: string, file: string): Promise<unknown> {
  let yaml: typeof import("yaml");
  try {
    yaml = await import("yaml");
  } catch (cause) {
    throw new InferometerError("PACKAGE_MISSING", "A web config is YAML, which the package `yaml` reads. Install it: npm install yaml", { cause });
  }
  try {
    // User names that look like numbers or booleans are names all the same.
    return yaml.parse(text, { stringKeys: true, prettyErrors: true }) as unknown;
  } catch (cause) {
    throw new InferometerError("CONFIG_INVALID", `${file} is not YAML: ${(cause as Error).message.split("\n", 1)[0]?.replace(/:$/, "")}`, { cause });
  }
}
