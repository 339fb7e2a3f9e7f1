import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const env = { ...process.env };
delete env.NODE_OPTIONS;

/**
 * Runs a script of this folder in a process of its own, with `job` as its argument; resolves to what it sends back.
 * `limitMs` (default 300 000) is for all of it.
 */
export function inChild(script, job, { execArgv = [], limitMs = 300_000 } = {}) {
  const child = start(script, job, execArgv);
  return new Promise((resolve, reject) => {
    let answer;
    const timer = setTimeout(() => child.kill("SIGKILL"), limitMs);
    child.on("message", (message) => {
      answer = message;
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      clearTimeout(timer);
      if (code === 0 && answer !== undefined) resolve(answer);
      else reject(new Error(`${script} ${JSON.stringify(job)} ended with ${signal ?? code}`));
    });
  });
}

/** Like `inChild`, for a process that stays: `ask(message)` resolves to its next answer. */
export async function stayingChild(script, job, { execArgv = [] } = {}) {
  const child = start(script, job, execArgv);
  const next = () =>
    new Promise((resolve, reject) => {
      const gone = (code, signal) => reject(new Error(`${script} ${JSON.stringify(job)} ended with ${signal ?? code}`));
      child.once("exit", gone);
      child.once("message", (message) => {
        child.off("exit", gone);
        resolve(message);
      });
    });
  const ready = await next();
  return {
    ready,
    pid: child.pid,
    ask(message) {
      const answer = next();
      child.send(message);
      return answer;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await gone;
    },
  };
}

function start(script, job, execArgv) {
  return fork(fileURLToPath(new URL(script, import.meta.url)), [JSON.stringify(job)], { execArgv, env });
}

// The children's side.

/** The job this process was started with. */
export const job = () => JSON.parse(process.argv[2]);

/** Sends the answer and ends the process, whatever the library under test still has running. */
export function answer(message) {
  process.send(message, () => process.exit(0));
}

/** CPU time of this process so far, all threads, in milliseconds. */
export function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
