import { readFileSync } from "node:fs";
import type { NvmlPlan, NvmlWord } from "../gpu-nvml.ts";
import { type NativeLibrary, NVML, Nvml, NvmlError } from "./nvml-library.ts";
import { NvmlReader } from "./nvml-reader.ts";
import { type ProcessGroupsPlan, processGrouping } from "./process-groups.ts";

// The process in which NVML is called: see gpu-nvml.ts. A driver that hangs or crashes takes only this one with it.
const plan = JSON.parse(process.argv[2] ?? "{}") as NvmlPlan;
process.on("disconnect", () => process.exit());

const say = (word: NvmlWord): Promise<void> => new Promise((resolve) => process.send?.(word, () => resolve()));
const last = async (word: NvmlWord): Promise<never> => {
  await say(word);
  process.exit();
};

async function libraryOf(paths: readonly string[]): Promise<NativeLibrary> {
  const koffi = await import("koffi").catch(() => undefined);
  if (koffi === undefined)
    return last({ kind: "failed", message: 'gpu({ nvidia: "nvml" }) needs the package koffi. Install it: npm install koffi.', final: true });
  let why = "";
  for (const path of paths) {
    try {
      return koffi.load(path);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      why ||= `${path} cannot be loaded: ${reason.replace(/^Failed to load shared library: /, "")}`;
    }
  }
  return last({ kind: "absent", why });
}

function grouping(groups: ProcessGroupsPlan): (pid: number) => string {
  const groupOf = processGrouping(groups);
  return (pid) => {
    try {
      return groupOf(readFileSync(`${plan.procPath}/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim());
    } catch {
      return groupOf(""); // another user's with hidepid, or of another PID namespace
    }
  };
}

async function round(reader: NvmlReader): Promise<void> {
  try {
    await say({ kind: "round", ...reader.read() });
  } catch (error) {
    await fail(error);
  }
}

async function fail(error: unknown): Promise<never> {
  const code = error instanceof NvmlError ? error.code : undefined;
  if (code === NVML.noDriver || code === NVML.noLibrary) return last({ kind: "absent", why: (error as Error).message });
  return last({ kind: "failed", message: error instanceof Error ? error.message : String(error), final: false });
}

const nvml = new Nvml(await libraryOf(plan.libraries));
const reader = new NvmlReader(nvml, {
  groupOf: plan.groups && grouping(plan.groups),
  pcieThroughput: plan.pcieThroughput,
  now: () => performance.now(),
});
try {
  reader.open();
} catch (error) {
  await fail(error);
}
await round(reader);
if (plan.once) {
  reader.close(); // so that the GPU may sleep
  process.exit();
}
setInterval(() => void round(reader), plan.everyMs);
