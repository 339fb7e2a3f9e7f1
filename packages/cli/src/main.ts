import { readFileSync } from "node:fs";
import { type Call, EXIT, type Options } from "./command.ts";
import { commands } from "./commands.ts";
import { errorText, isUsage } from "./error-text.ts";
import { helpOf, overview } from "./help.ts";
import { settings } from "./settings.ts";
import { didYouMean } from "./suggest.ts";
import { realSurroundings, type Surroundings } from "./surroundings.ts";
import { styleFor } from "./terminal/style.ts";
import { UsageError } from "./usage-error.ts";

/** Runs the command line of this process and ends it. */
export async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure: what is left goes nowhere.
  let failure: NodeJS.ErrnoException | undefined;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== "EPIPE") failure = error;
  };
  process.stdout.on("error", onError);
  process.stderr.on("error", () => {}); // nobody is left to tell
  let code = await run(process.argv.slice(2), realSurroundings());
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  await new Promise((turn) => setImmediate(turn)); // a failed write is told a turn later
  if (failure !== undefined) {
    process.stderr.write(`inferometer: stdout cannot be written: ${failure.message}\n`);
    code = EXIT.failed;
  }
  // Whatever a broken source has left open must not keep the command alive.
  process.exit(code);
}

/** Runs one command line and returns its exit code: 0 all went well, 1 it failed, 2 it was called wrongly; others are the command's own. */
export async function run(words: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, env } = surroundings;
  const color = !words.includes("--no-color");
  const show = (text: (style: ReturnType<typeof styleFor>) => string): number => {
    stdout.write(text(styleFor(stdout, { env, color })));
    return EXIT.ok;
  };
  const [first = "", ...rest] = words;
  if (["-V", "--version", "version"].includes(first)) return show(() => `${version()}\n`);
  const asked = ["-h", "--help", "help"].includes(first);
  if (first === "" || (asked && rest[0] === undefined)) {
    const text = overview(commands, { version: version(), style: styleFor(asked ? stdout : stderr, { env, color }) });
    (asked ? stdout : stderr).write(text);
    return asked ? EXIT.ok : EXIT.usage;
  }
  const name = asked ? rest[0]! : first;
  const command = commands.find((each) => each.name === name);
  try {
    if (command === undefined) throw unknownCommand(name);
    if (asked) return show((style) => helpOf(command, { style }));
    const { options, args } = settings(command, rest, surroundings);
    if (options["help"] === true) return show((style) => helpOf(command, { style }));
    const work = (await command.load()) as (call: Call<Options>) => Promise<number>;
    return await work({ options: options as Call<Options>["options"], args, surroundings });
  } catch (error) {
    stderr.write(errorText(error, { command, verbose: words.includes("--verbose") }));
    return isUsage(error) ? EXIT.usage : EXIT.failed;
  }
}

function unknownCommand(name: string): UsageError {
  const kind = name.startsWith("-") ? "option" : "command";
  const names = commands.map((each) => each.name);
  const advice = kind === "option" ? " Options stand after the command." : didYouMean(name, names) || ` Commands: ${names.join(", ")}.`;
  return new UsageError(`there is no ${kind} ${name}.${advice}`);
}

function version(): string {
  return (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;
}

/** Pipes may be written later; files and terminals have nothing left then. */
function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((done) => {
    if (stream.destroyed || stream.writableLength === 0) done();
    else stream.write("", () => done());
  });
}
