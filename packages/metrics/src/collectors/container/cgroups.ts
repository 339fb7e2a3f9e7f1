import { existsSync, readFileSync } from "node:fs";
import { type Mount, parseMounts } from "../mount-table.ts";

/** Where one controller of this process' control group is seen. */
export interface Cgroup {
  readonly version: 1 | 2;
  /** Its folder. */
  readonly folder: string;
  /** The folder and those above it, as far as they can be seen: limits hold for all below. */
  readonly ancestry: readonly string[];
  /** Whether it is the top of what can be seen: the whole machine's, unless there is a namespace around us. */
  readonly top: boolean;
}

/** Controllers that container() reads. */
export type Controller = "cpu" | "cpuacct" | "memory" | "io" | "pids";

/** A file that tells that a version 2 group has the controller; cpu.stat tells of time even without it. */
const PROOF: Readonly<Record<Controller, string>> = {
  cpu: "cpu.stat",
  cpuacct: "cpu.stat",
  memory: "memory.current",
  io: "io.stat",
  pids: "pids.current",
};
const V1_NAMES: Readonly<Record<Controller, string>> = { cpu: "cpu", cpuacct: "cpuacct", memory: "memory", io: "blkio", pids: "pids" };

export interface CgroupOptions {
  readonly procPath: string;
  /** What stands before all paths of the mount table: "" outside of tests. */
  readonly rootfs: string;
}

/**
 * The control groups of this process, a controller each: a machine may have some controllers in version 1 and the others in version 2 (cgroups(7)).
 * Empty where there are none.
 */
export function cgroupsOf({ procPath, rootfs }: CgroupOptions): Map<Controller, Cgroup> {
  const found = new Map<Controller, Cgroup>();
  let lines: readonly CgroupLine[];
  let mounts: readonly Mount[];
  try {
    lines = parseCgroupLines(readFileSync(`${procPath}/self/cgroup`, "utf8"));
    mounts = parseMounts(readFileSync(`${procPath}/self/mountinfo`, "latin1"));
  } catch {
    return found; // not Linux, or a sandbox that hides them
  }
  for (const controller of Object.keys(PROOF) as Controller[]) {
    const name = V1_NAMES[controller];
    const v1 = mounts.find(({ type, superOptions }) => type === "cgroup" && superOptions.includes(name));
    const v2 = mounts.find(({ type }) => type === "cgroup2");
    const line = lines.find(({ controllers }) => (v1 === undefined ? controllers.length === 0 : controllers.includes(name)));
    const mount = v1 ?? v2;
    if (mount === undefined || line === undefined) continue;
    const group = groupAt(`${rootfs}${mount.mountPoint}`, within(mount.root, line.path));
    if (v1 === undefined && !existsSync(`${group.folder}/${PROOF[controller]}`)) continue;
    found.set(controller, { version: v1 === undefined ? 2 : 1, ...group });
  }
  return found;
}

interface CgroupLine {
  /** Empty for version 2. */
  readonly controllers: readonly string[];
  readonly path: string;
}

/** Lines of /proc/self/cgroup: "4:memory:/user.slice", "0::/user.slice". */
export function parseCgroupLines(text: string): CgroupLine[] {
  return [...text.matchAll(/^\d+:([^:]*):(.*)$/gm)].map(([, controllers = "", path = ""]) => ({
    controllers: controllers === "" ? [] : controllers.split(","),
    path,
  }));
}

/** The way from a mount's root to a group; "" where the group lies outside of what is mounted, as in a container that sees only its own. */
function within(root: string, path: string): string {
  if (path.includes("/../") || path.endsWith("/..")) return "";
  if (root === "/") return path === "/" ? "" : path;
  return path.startsWith(`${root}/`) ? path.slice(root.length) : "";
}

function groupAt(top: string, way: string): Omit<Cgroup, "version"> {
  const names = existsSync(top + way) ? way.split("/").filter((name) => name !== "") : [];
  const ancestry = [top];
  for (const name of names) ancestry.unshift(`${ancestry[0]}/${name}`);
  return { folder: ancestry[0]!, ancestry, top: names.length === 0 };
}
