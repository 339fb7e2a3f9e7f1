import { createRequire } from "node:module";
import { otelVersion } from "./otel.mjs";

const require = createRequire(import.meta.url);
const version = (name) => require(`${name}/package.json`).version;

/** The rival that the targets are against. */
export const REFERENCE = "prom-client";

/** Client id -> how it is called in a table. `floor` is what we wrote by hand, without a library. */
export function clientTitles() {
  return {
    floor: "floor",
    inferometer: "ours",
    "prom-client": `prom-client ${version("prom-client")}`,
    "@prometheus-io/client": `@prometheus-io/client ${version("@prometheus-io/client")}`,
    opentelemetry: `OpenTelemetry ${otelVersion()}`,
  };
}
