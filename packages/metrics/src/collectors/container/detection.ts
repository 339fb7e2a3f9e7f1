import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { parseMounts } from "../mount-table.ts";
import { parseCgroupLines } from "./cgroups.ts";

/** Whether this process runs in a container, and what says so. */
export interface ContainerDetection {
  /** True from a score of 4 on. */
  readonly detected: boolean;
  /** Sum of the signals' weights. */
  readonly score: number;
  /** What was seen, such as "cgroup namespace". */
  readonly signals: readonly string[];
  /** "docker", "podman", "kubernetes", "containerd", "lxc", "systemd-nspawn"; "" where nothing says it. */
  readonly runtime: string;
  /** The container's id of 64 hexadecimal digits, where it can be seen. */
  readonly id: string;
}

export interface DetectionOptions {
  readonly procPath: string;
  readonly rootfs: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const ENOUGH = 4;
/** Inode numbers that the kernel gives the namespaces it starts with (include/linux/proc_ns.h). */
const FIRST_CGROUP_NAMESPACE = "cgroup:[4026531835]";
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
const RUNTIMES: readonly (readonly [runtime: string, inPath: RegExp])[] = [
  ["kubernetes", /kubepods|\/kubelet\/pods\//],
  ["docker", /docker/],
  ["podman", /libpod|\/containers\/storage\//],
  ["containerd", /containerd|cri-|crio/],
  ["lxc", /(^|\/)lxc(\.payload)?[./]/],
  ["systemd-nspawn", /machine\.slice\/machine-|nspawn/],
];

/**
 * Weighs what can be seen, since no single sign proves anything: with its own cgroup namespace a process sees "0::/" as its group, a machine made
 * from an image keeps a /.dockerenv, an environment variable can be inherited.
 */
export function detectContainer({ procPath, rootfs, env }: DetectionOptions): ContainerDetection {
  const signals: { readonly name: string; readonly weight: number; readonly runtime: string }[] = [];
  const seen = (name: string, weight: number, runtime = ""): void => void signals.push({ name, weight, runtime });
  const text = (path: string): string => attempt(() => readFileSync(`${procPath}/${path}`, "latin1"));
  const namespace = (kind: string): string => attempt(() => readlinkSync(`${procPath}/self/ns/${kind}`));

  if (existsSync(`${rootfs}/.dockerenv`)) seen("/.dockerenv", 4, "docker");
  if (existsSync(`${rootfs}/run/.containerenv`)) seen("/run/.containerenv", 4, "podman");
  if (env["KUBERNETES_SERVICE_HOST"] !== undefined) seen("KUBERNETES_SERVICE_HOST", 3, "kubernetes");
  if (env["container"] !== undefined && env["container"] !== "") seen("container", 3, env["container"]);

  const groups = parseCgroupLines(text("self/cgroup")).map(({ path }) => path);
  const inGroup = runtimeIn(groups);
  if (inGroup !== "") seen("cgroup path", 4, inGroup);
  const mounts = parseMounts(text("self/mountinfo"));
  // Files that a runtime mounts into each container come from its folders on the machine; the machine itself mounts nothing from inside them.
  const mounted = mounts.filter(({ mountPoint }) => /^\/etc\/(hosts|hostname|resolv\.conf)$/.test(mountPoint)).map(({ root }) => root);
  const inMounts = runtimeIn(mounted);
  if (inMounts !== "") seen("mounted files", 4, inMounts);
  if (mounts.some(({ mountPoint, type }) => mountPoint === "/" && type === "overlay")) seen("overlay root", 2);

  const [cgroup, pid] = [namespace("cgroup"), namespace("pid")];
  if (cgroup !== "" && cgroup !== FIRST_CGROUP_NAMESPACE) seen("cgroup namespace", 2);
  if (pid !== "" && pid !== FIRST_PID_NAMESPACE) seen("pid namespace", 2);
  if (cgroup === FIRST_CGROUP_NAMESPACE && pid === FIRST_PID_NAMESPACE) seen("the machine's own namespaces", -3);

  const score = signals.reduce((sum, { weight }) => sum + weight, 0);
  const strongest = signals.filter(({ runtime }) => runtime !== "").sort((a, b) => rank(b.runtime) - rank(a.runtime) || b.weight - a.weight)[0];
  const detected = score >= ENOUGH;
  const id = /(?:^|[^0-9a-f])([0-9a-f]{64})(?:[^0-9a-f]|$)/.exec([...groups, ...mounts.map(({ root }) => root)].join("\n"))?.[1] ?? "";
  return {
    detected,
    score,
    signals: signals.map(({ name }) => name),
    runtime: detected ? (strongest?.runtime ?? "") : "",
    id: detected ? id : "",
  };
}

/** Kubernetes runs on top of the others, so its signs say more than theirs. */
const rank = (runtime: string): number => (runtime === "kubernetes" ? 1 : 0);

function runtimeIn(paths: readonly string[]): string {
  return RUNTIMES.find(([, pattern]) => paths.some((path) => pattern.test(path)))?.[0] ?? "";
}

function attempt(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
