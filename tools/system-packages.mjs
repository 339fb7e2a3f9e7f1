// Fetches from Debian or Ubuntu what some steps need and programs.mjs does not find, without starting anything.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FILES, unpacked, whereIs } from "./programs.mjs";

const root = resolve(fileURLToPath(import.meta.url), "../..");

/**
 * `debs` have what is `wanted`. They are unpacked under .tools/: nothing is installed and no service starts (Debian's prometheus would start a
 * daemon on port 9090).
 * `install` marks what does not run without its dependencies: apt-get installs it where that is allowed. `true` stands for the debs themselves; a
 * list names packages without a service that bring the libraries, and the debs are unpacked beside them. Nothing that is installed has a service.
 */
const PACKAGES = {
  prometheus: { wanted: ["prometheus", "promtool"], debs: ["prometheus"], elsewhere: "Prometheus, from https://prometheus.io/download" },
  "node-exporter": {
    wanted: ["prometheus-node-exporter"],
    debs: ["prometheus-node-exporter"],
    elsewhere: "node_exporter, from https://prometheus.io/download, under the name prometheus-node-exporter",
  },
  openssl: { wanted: ["openssl"], debs: ["openssl"], install: true, elsewhere: "OpenSSL" },
  "prometheus-client": {
    wanted: ["prometheus_client"],
    debs: ["python3-prometheus-client"],
    install: true,
    elsewhere: "the Python package prometheus_client for /usr/bin/python3",
  },
  ffmpeg: {
    wanted: ["ffmpeg", "ffprobe"],
    debs: ["ffmpeg"],
    install: true,
    elsewhere: "FFmpeg 5.1 or newer, from https://ffmpeg.org/download.html",
  },
  // redis-tools carries the server too and has no service; redis-server, which has one, adds only the name.
  redis: {
    wanted: ["redis-server"],
    debs: ["redis-server", "redis-tools"],
    install: ["redis-tools"],
    elsewhere: "Redis 7 or newer, from https://redis.io",
  },
  // Unpacked, gcc would need dozens of packages more, and a sysroot; and `cc` is a link that only an installation makes.
  compiler: { wanted: ["cc"], debs: ["gcc", "libc6-dev"], install: true, elsewhere: "a C compiler with the C library's headers, under the name cc" },
  systemd: { wanted: ["systemd-analyze"], debs: ["systemd"], install: true, elsewhere: "systemd" },
  "people-video": {
    wanted: ["vtest.avi"],
    debs: ["opencv-doc"],
    only: FILES["vtest.avi"],
    elsewhere: "vtest.avi of OpenCV's samples, under /usr/share/doc/opencv-doc/examples/data",
  },
};

/** What each step of package.json needs. */
const STEPS = {
  test: [
    ...["prometheus", "node-exporter", "prometheus-client", "openssl", "ffmpeg", "redis", "compiler", "people-video"],
    ...(process.platform === "linux" ? ["systemd"] : []),
  ],
  start: ["ffmpeg", "people-video"],
};

/** Fetches what `step` needs and this machine lacks. Returns what is still missing, as lines that say what to type. */
export function provide(step, say) {
  const names = STEPS[step];
  if (names === undefined) throw new Error(`No step "${step}". Steps: ${Object.keys(STEPS).join(", ")}.`);
  const missing = () => names.map((name) => PACKAGES[name]).filter((entry) => !present(entry));
  const wanted = missing();
  if (wanted.length === 0) return [];
  if (whereIs("apt-get") === undefined) return wanted.map(({ elsewhere }) => `install ${elsewhere}`);
  const admin =
    process.getuid?.() === 0 ? [] : whereIs("sudo") !== undefined && spawnSync("sudo", ["-n", "true"]).status === 0 ? ["sudo", "-n"] : undefined;
  fetchDebs(wanted, admin, say);
  const debs = missing().flatMap((entry) => entry.debs);
  return debs.length === 0 ? [] : [`sudo apt-get update && sudo apt-get install --no-install-recommends ${debs.join(" ")}`];
}

function fetchDebs(wanted, admin, say) {
  const lists = refresh(admin, say);
  const install = admin === undefined ? [] : wanted.filter((entry) => entry.install);
  // Without its libraries a program would be found and not start.
  const unpack = wanted.filter((entry) => entry.install !== true && (admin !== undefined || !entry.install));
  if (install.length > 0) {
    const debs = install.flatMap((entry) => (entry.install === true ? entry.debs : entry.install));
    say(`installing ${debs.join(", ")} ...`);
    apt([...admin, "apt-get"], ["install", "-y", "-qq", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", ...debs]);
  }
  if (unpack.length > 0) {
    const debs = unpack.flatMap((entry) => entry.debs);
    say(`unpacking ${debs.join(", ")} into .tools/ ...`);
    const folder = mkdtempSync(join(root, ".tools/deb-"));
    apt(["apt-get"], [...lists, "download", "-qq", "-o", "APT::Sandbox::User=root", ...debs], folder);
    for (const deb of readdirSync(folder))
      unpackDeb(join(folder, deb), wanted.find((entry) => entry.debs.some((name) => deb.startsWith(`${name}_`)))?.only);
    rmSync(folder, { recursive: true });
  }
}

/** Of a package that is there for one file only that file is kept: opencv-doc has 270 MB. */
function unpackDeb(path, only) {
  mkdirSync(unpacked, { recursive: true });
  if (only === undefined) spawnSync("dpkg-deb", ["-x", path, unpacked], { stdio: ["ignore", 2, 2] });
  else spawnSync("sh", ["-c", `dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" "./$3"`, "sh", path, unpacked, only], { stdio: ["ignore", 2, 2] });
}

/** Fetches apt's lists where there are none, for this folder only when the system's may not be written. Returns the options that find them. */
function refresh(admin, say) {
  mkdirSync(join(root, ".tools"), { recursive: true });
  const empty = (folder) => {
    try {
      return !readdirSync(folder).some((name) => name.includes("_Packages"));
    } catch {
      return true;
    }
  };
  if (!empty("/var/lib/apt/lists")) return [];
  const own = join(root, ".tools/apt");
  const options = admin === undefined ? ["-o", `Dir::State::lists=${own}/lists`, "-o", `Dir::Cache=${own}/cache`] : [];
  if (admin === undefined) {
    if (!empty(join(own, "lists"))) return options;
    for (const part of ["lists/partial", "cache/archives/partial"]) mkdirSync(join(own, part), { recursive: true });
  }
  say("fetching apt's package lists ...");
  apt([...(admin ?? []), "apt-get"], [...options, "update", "-qq"]);
  return options;
}

function apt([command, ...before], args, cwd = root) {
  spawnSync(command, [...before, ...args], { cwd, stdio: ["ignore", 2, 2], env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}

const present = ({ wanted }) => wanted.every((name) => whereIs(name) !== undefined);
