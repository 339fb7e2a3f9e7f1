import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

export const BIN: string = fileURLToPath(new URL("../bin/inferometer.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The environment without what would colour or configure the command. */
export const bareEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(INFEROMETER_|NO_COLOR|FORCE_COLOR|LC_|LANG)/.test(name)));

/** Runs the real command to its end. `started` is called with its process id, `during` when stderr or stdout has said something, with all of it so far. */
export function inferometer(
  words: readonly string[],
  options: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly started?: (pid: number) => void;
    readonly during?: (said: string, pid: number) => void;
  } = {},
): Promise<Ended> {
  const { cwd, env, started, during } = options;
  const child = spawn(process.execPath, [BIN, ...words], {
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...bareEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  started?.(child.pid!);
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
      during?.(said.stdout + said.stderr, child.pid!);
    });
  }
  return new Promise((done) => child.once("close", (code, signal) => done({ code: code ?? (signal === null ? null : -1), ...said })));
}

/** Runs a shell's line in which `inferometer` is the real command. */
export function inShell(line: string, options: { readonly shell?: string; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {}): Ended {
  const { shell = "bash", cwd, env } = options;
  const start = `inferometer() { ${JSON.stringify(process.execPath)} ${JSON.stringify(BIN)} "$@"; }\n`;
  const { status, stdout, stderr } = spawnSync(shell, ["-c", shell === "fish" ? line : start + line], {
    encoding: "utf8",
    ...(cwd === undefined ? {} : { cwd }),
    env: { ...bareEnvironment(), ...env },
    timeout: 60_000,
  });
  return { code: status, stdout, stderr };
}
