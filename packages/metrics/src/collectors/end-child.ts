import type { ChildProcess } from "node:child_process";

/**
 * Kills a child, if there is one. One that could not be started (no such program) has no process id, and in the turn in which it was started Node's
 * `kill` would signal process 0: that is our whole process group, us and the shell that started us included (seen in Node 20.20).
 */
export function endChild(child: ChildProcess | undefined): void {
  if (child?.pid !== undefined) child.kill("SIGKILL");
}
