import { chmodSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FixtureTree } from "../fixture-tree.test-kit.ts";

/** What the fake does. The loop looks again before each round, so that a test can change it while it runs. */
export interface FakeMachine {
  /** Fields and values of each GPU, as nvidia-smi prints them; a field that the first does not have is refused. */
  readonly gpus: readonly Readonly<Record<string, string>>[];
  /** What it prints before the GPUs. */
  readonly words?: string;
  /** Addresses of GPUs that it cannot find; asked for them, it ends with 15. */
  readonly lost?: readonly string[];
  /** Prints nothing for ever. */
  readonly silent?: boolean;
  /** Ends with this code after `words`. */
  readonly exit?: number;
  /** What it ends with after a round that went well. Default 0. */
  readonly warning?: number;
  /** Its list of the fields that it knows; without one it says nothing when it is asked. */
  readonly help?: string;
}

/** The program: it writes its number and its arguments down, and does as the file beside it says. */
const PROGRAM = `
const fs = require("node:fs");
const machine = () => JSON.parse(fs.readFileSync(__dirname + "/machine.json", "utf8"));
const option = (name) => process.argv.find((arg) => arg.startsWith("--" + name + "="))?.slice(name.length + 3);
fs.appendFileSync(__dirname + "/pids", process.pid + "\\n");
fs.appendFileSync(__dirname + "/calls", process.argv.slice(2).join(" ") + "\\n");
if (process.argv.includes("--help-query-gpu")) {
  process.stdout.write(machine().help ?? "");
  process.exit(0);
}
const fields = option("query-gpu").split(",");
const ids = option("id")?.split(",");
const short = (id) => id.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, "");
function round() {
  const { gpus, words, lost = [], silent, exit } = machine();
  if (silent) return;
  if (words !== undefined) process.stdout.write(words + "\\n");
  if (exit !== undefined) process.exit(exit);
  for (const field of fields) {
    if (gpus[0][field] === undefined) {
      process.stdout.write('Field "' + field + '" is not a valid field to query.\\n');
      process.exit(2);
    }
  }
  let text = "";
  for (const gpu of gpus) {
    const id = short(gpu["pci.bus_id"]);
    if (ids !== undefined && !ids.includes(id)) continue;
    if (lost.includes(id)) {
      process.stdout.write("Unable to determine the device handle for GPU" + gpu["pci.bus_id"].slice(4) + ": GPU is lost.  Reboot the system to recover this GPU\\n");
      process.exit(15);
    }
    text += fields.map((field) => gpu[field]).join(", ") + "\\n";
  }
  process.stdout.write(text);
}
round();
const loop = Number(option("loop-ms"));
if (loop > 0) setInterval(round, loop);
else if (machine().silent) setInterval(() => {}, 1000);
else process.exitCode = machine().warning ?? 0;
`;

/** A folder with a program that takes the place of nvidia-smi. */
export class FakeNvidiaSmi implements Disposable {
  readonly tree: FixtureTree = new FixtureTree();
  readonly command: string = join(this.tree.path, "nvidia-smi");

  constructor(machine: FakeMachine) {
    this.set(machine);
    this.tree.write("nvidia-smi", `#!${process.execPath}\n${PROGRAM}`);
    chmodSync(this.command, 0o755);
  }

  /** A machine of fixtures/gpu. */
  static machine(name: string): FakeMachine {
    return JSON.parse(readFileSync(fileURLToPath(new URL(`../../../fixtures/gpu/${name}.json`, import.meta.url)), "utf8")) as FakeMachine;
  }

  set(machine: FakeMachine): void {
    // In one step: the fake may be reading.
    this.tree.write("machine.next", JSON.stringify(machine));
    renameSync(join(this.tree.path, "machine.next"), join(this.tree.path, "machine.json"));
  }

  /** Process numbers of all its runs. */
  get pids(): readonly number[] {
    return this.tree.has("pids") ? this.tree.read("pids").trim().split("\n").map(Number) : [];
  }

  /** Arguments of all its runs. */
  get calls(): readonly string[] {
    return this.tree.has("calls") ? this.tree.read("calls").trim().split("\n") : [];
  }

  [Symbol.dispose](): void {
    for (const pid of this.pids) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended.
      }
    }
    this.tree[Symbol.dispose]();
  }
}
