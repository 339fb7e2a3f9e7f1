import { parentPort } from "node:worker_threads";
import { loadBcrypt } from "./bcrypt.ts";

/** A question to this worker. */
export interface Comparison {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

/** Its answer. */
export interface Verdict {
  readonly id: number;
  readonly isMatch: boolean;
}

const bcrypt = await loadBcrypt();

parentPort?.on("message", ({ id, password, hash }: Comparison) => {
  const verdict: Verdict = { id, isMatch: bcrypt.compareSync(password, hash) };
  parentPort?.postMessage(verdict);
});
