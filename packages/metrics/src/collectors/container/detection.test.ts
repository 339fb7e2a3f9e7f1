import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FixtureTree } from "../fixture-tree.test-kit.ts";
import { detectContainer } from "./detection.ts";

const MACHINE = { "proc/self/ns/pid": "pid:[4026531836]", "proc/self/ns/cgroup": "cgroup:[4026531835]" };
const OWN = { "proc/self/ns/pid": "pid:[4026532600]", "proc/self/ns/cgroup": "cgroup:[4026532601]" };
const ROOT = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n";
const OVERLAY = "1 0 0:70 / / rw - overlay overlay rw\n";
const ID = "ab".repeat(32);

interface Case {
  readonly what: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly detected: boolean;
  readonly runtime?: string;
  readonly id?: string;
}

const CASES: readonly Case[] = [
  { what: "a plain machine", files: { "proc/self/cgroup": "0::/user.slice\n", "proc/self/mountinfo": ROOT }, links: MACHINE, detected: false },
  { what: "a machine made from a Docker image, which kept /.dockerenv", files: { ".dockerenv": "" }, links: MACHINE, detected: false },
  { what: "a machine that started from an overlay (a live CD)", files: { "proc/self/mountinfo": OVERLAY }, links: MACHINE, detected: false },
  {
    what: "a process that inherited Kubernetes' variables",
    links: MACHINE,
    env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    detected: false,
  },
  { what: "nothing that can be seen at all (macOS)", links: {}, detected: false },
  {
    what: "Docker with version 2 and its own namespaces",
    files: {
      ".dockerenv": "",
      "proc/self/cgroup": "0::/\n",
      "proc/self/mountinfo": `${OVERLAY}2 1 8:1 /var/lib/docker/containers/${ID}/hosts /etc/hosts rw - ext4 /dev/sda1 rw\n`,
    },
    links: OWN,
    detected: true,
    runtime: "docker",
    id: ID,
  },
  {
    what: "Docker in the machine's namespaces",
    files: { ".dockerenv": "", "proc/self/cgroup": `0::/system.slice/docker-${ID}.scope\n`, "proc/self/mountinfo": OVERLAY },
    links: MACHINE,
    detected: true,
    runtime: "docker",
    id: ID,
  },
  {
    what: "Podman",
    files: { "run/.containerenv": "", "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": OVERLAY },
    links: OWN,
    env: { container: "podman" },
    detected: true,
    runtime: "podman",
  },
  {
    what: "a pod, though containerd runs it",
    files: { "proc/self/cgroup": `0::/kubepods.slice/kubepods-burstable.slice/cri-containerd-${ID}.scope\n` },
    links: MACHINE,
    env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
    detected: true,
    runtime: "kubernetes",
    id: ID,
  },
  {
    what: "LXC",
    files: { "proc/self/cgroup": "0::/lxc.payload.web/init.scope\n" },
    links: OWN,
    env: { container: "lxc" },
    detected: true,
    runtime: "lxc",
  },
  { what: "unknown namespaces", files: { "proc/self/cgroup": "0::/\n", "proc/self/mountinfo": ROOT }, links: OWN, detected: true, runtime: "" },
];

describe("detectContainer", () => {
  for (const { what, files = {}, links, env = {}, detected, runtime = "", id = "" } of CASES) {
    it(`${detected ? "recognises" : "is not fooled by"} ${what}`, () => {
      using tree = new FixtureTree();
      for (const [path, text] of Object.entries(files)) tree.write(path, text);
      for (const [path, target] of Object.entries(links)) tree.link(path, target);
      const found = detectContainer({ procPath: tree.procPath, rootfs: tree.path, env });
      assert.deepEqual({ detected: found.detected, runtime: found.runtime, id: found.id }, { detected, runtime, id }, JSON.stringify(found));
    });
  }

  it("names the signals that it saw", () => {
    using tree = new FixtureTree("container/docker-v1");
    const { signals, score } = detectContainer({ procPath: tree.procPath, rootfs: tree.path, env: {} });
    assert.deepEqual(signals, ["/.dockerenv", "cgroup path", "mounted files", "overlay root", "pid namespace"]);
    assert.equal(score, 16);
  });
});
