import { resolve } from "node:path";
import { InferometerError, shown } from "@inferometer/metrics";
import type { HostIgnore } from "@inferometer/metrics/collectors";
import { type Exporter, serve } from "@inferometer/metrics/exporter";
import { toJson, toPrometheus } from "@inferometer/metrics/formats";
import { type Call, EXIT } from "../command.ts";
import type { agentOptions } from "../commands/agent.ts";
import { Interrupts, type SignalSource, signalCode } from "../detect/interrupts.ts";
import { TextSink } from "../detect/text-sink.ts";
import { UsageError } from "../usage-error.ts";
import { ALL, choose, namesOf } from "./choice.ts";
import { Machine, type MachineOptions } from "./machine.ts";

export type AgentCall = Call<typeof agentOptions>;

/** `inferometer agent`. */
export async function runAgent(call: AgentCall, signals: SignalSource = process): Promise<number> {
  const { options } = call;
  if (options.json && !options.once) throw new UsageError("--json is for --once; a running agent has JSON at /metrics.json. Add --once.");
  const asked = { collect: namesOf(options.collectors), exclude: namesOf(options.exclude) };
  const choice = choose(asked, { from: ALL, where: "The agent" });
  if (choice.parts.length + choice.beside.length === 0) throw new UsageError("--exclude leaves nothing to collect. Leave out some of its names.");
  await using machine = new Machine(choice, machineOptions(options));
  // Awaited here: a promise that is merely returned would outlive the machine.
  return await (options.once ? once(call, machine) : served(call, { machine, signals }));
}

async function once({ options, surroundings }: AgentCall, machine: Machine): Promise<number> {
  await machine.settled();
  const { snapshot, collectors } = await machine.registry.collect();
  for (const { name, ok, error } of collectors) {
    // The others' metrics are there; a script sees this one in scrape_collector_success.
    if (!ok && !options.quiet) surroundings.stderr.write(`inferometer: ${name}: ${error}\n`);
  }
  const out = TextSink.toOutput(surroundings.stdout);
  await out.write(options.json ? `${toJson(snapshot).trimEnd()}\n` : toPrometheus(snapshot));
  await out.close();
  return EXIT.ok;
}

async function served(call: AgentCall, { machine, signals }: { readonly machine: Machine; readonly signals: SignalSource }): Promise<number> {
  const { options, surroundings } = call;
  using interrupts = new Interrupts(signals);
  await using server = await open(call, machine);
  if (!options.quiet) surroundings.stderr.write(`inferometer: metrics of this machine at ${server.url}/metrics\n`);
  await new Promise<void>((done) => interrupts.onFirst(() => done()));
  // SIGTERM is how a service manager stops what works well.
  return interrupts.first === undefined || interrupts.first === "SIGTERM" ? EXIT.ok : signalCode(interrupts.first);
}

async function open({ options, surroundings }: AgentCall, machine: Machine): Promise<Exporter> {
  const { port, host, verbose } = options;
  const path = (file: string): string => resolve(surroundings.folder, file);
  const webConfig = options["web-config"];
  const token = options["token-file"];
  try {
    return await serve({
      port,
      host,
      registry: machine.registry,
      select: (selection) => machine.select(selection),
      ...(webConfig === undefined ? {} : { webConfig: path(webConfig) }),
      ...(token === undefined ? {} : { bearerToken: { file: path(token) } }),
      onError: (error) => surroundings.stderr.write(`inferometer: ${verbose ? (error.stack ?? error.message) : error.message}\n`),
    });
  } catch (error) {
    if (!(error instanceof InferometerError) || error.code !== "PORT_IN_USE") throw error;
    throw new InferometerError(
      "PORT_IN_USE",
      `port ${port} of ${host} is taken, perhaps by another agent. Give --port 0 for any free one, or another number.`,
    );
  }
}

function machineOptions(options: AgentCall["options"]): MachineOptions {
  const ignore: { -readonly [K in keyof HostIgnore]: RegExp } = {};
  const patterns = {
    disks: "ignore-disks",
    interfaces: "ignore-interfaces",
    mountPoints: "ignore-mounts",
    fileSystems: "ignore-file-systems",
    sensors: "ignore-sensors",
  } as const;
  for (const [key, name] of Object.entries(patterns) as [keyof HostIgnore, (typeof patterns)[keyof typeof patterns]][]) {
    const text = options[name];
    if (text !== undefined) ignore[key] = patternOf(text, `--${name}`);
  }
  const { nvidia, procfs, sysfs, rootfs } = options;
  return { nvidia: nvidia === "off" ? false : nvidia, ignore, procPath: procfs, sysPath: sysfs, rootfs };
}

function patternOf(text: string, where: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`${where} is ${shown(text)}: ${(error as Error).message}. Give a regular expression, such as '^(veth|cali)'.`);
  }
}
