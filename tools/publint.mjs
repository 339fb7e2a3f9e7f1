// Checks what npm would publish of every package that is not private.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

process.chdir(resolve(fileURLToPath(import.meta.url), "../.."));
let checked = 0;
for (const folder of readdirSync("packages").map((name) => `packages/${name}`)) {
  const pkg = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  if (pkg.private) continue;
  checked++;
  const { messages } = await publint({ pkgDir: folder, strict: true });
  console.log(`publint: ${pkg.name}: ${messages.length === 0 ? "in order" : ""}`);
  for (const message of messages) console.log(`  ${message.type}: ${formatMessage(message, pkg, { color: false })}`);
  if (messages.length > 0) process.exitCode = 1;
}
if (checked === 0) throw new Error("No package to check: all are private.");
