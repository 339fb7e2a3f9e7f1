import { InferometerError, shown } from "../../core/errors.ts";

/** How processes are put together: by the name of their program, or by patterns that their command lines fit. */
export type ProcessGroupsOption = boolean | Readonly<Record<string, RegExp>>;

/** Patterns as plain data, for a child process. */
export type ProcessGroupsPlan = "programs" | readonly (readonly [group: string, source: string, flags: string])[];

/** Throws OPTION_INVALID. Undefined: nothing is told of processes. */
export function planProcessGroups(option: ProcessGroupsOption): ProcessGroupsPlan | undefined {
  if (option === false) return undefined;
  if (option === true) return "programs";
  if (typeof option !== "object" || option === null) throw invalid(option);
  return Object.entries(option).map(([group, pattern]) => {
    if (!(pattern instanceof RegExp)) throw invalid(pattern);
    return [group, pattern.source, pattern.flags.replace(/[gy]/g, "")] as const;
  });
}

const invalid = (seen: unknown): InferometerError =>
  new InferometerError("OPTION_INVALID", `processes holds ${shown(seen)}. Give true, or patterns by group: { training: /train\\.py/ }.`);

/** Gives a process its group. Groups, not processes: each new process would be a new series for ever. */
export function processGrouping(plan: ProcessGroupsPlan): (commandLine: string) => string {
  if (plan === "programs") return (line) => program(line) || "unknown";
  const patterns = plan.map(([group, source, flags]) => [group, new RegExp(source, flags)] as const);
  return (line) => patterns.find(([, pattern]) => pattern.test(line))?.[0] ?? "other";
}

/** "/usr/bin/python3 train.py" -> "python3". Versions of one program are one group, so no more is cut. */
function program(commandLine: string): string {
  const [first = ""] = commandLine.split(" ", 1);
  return first.slice(first.lastIndexOf("/") + 1).replace(/:$/, "");
}
