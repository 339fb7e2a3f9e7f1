import { isIPv4 } from "node:net";
import { InferometerError, shown } from "@inferometer/metrics";
import type { HostIgnore } from "@inferometer/metrics/collectors";
import { type Exporter, serve } from "@inferometer/metrics/exporter";
import { toJson, toPrometheus } from "@inferometer/metrics/formats";
import { type Call, EXIT } from "../command.ts";
import { agentOptions } from "../commands/agent.ts";
import { Interrupts, type SignalSource, signalCode } from "../detect/interrupts.ts";
import { TextSink } from "../detect/text-sink.ts";
import { UsageError } from "../usage-error.ts";
import { ALL, choose, namesOf } from "./choice.ts";
import { Machine, type MachineOptions } from "./machine.ts";
import { fileOf, mountOf } from "./paths.ts";

export type AgentCall = Call<typeof agentOptions>;

/** `inferometer agent`. */
export async function runAgent(call: AgentCall, signals: SignalSource = process): Promise<number> {
  const { options } = call;
  if (options.json && !options.once) throw new UsageError("--json is for --once; a running agent has JSON at /metrics.json. Add --once.");
  const asked = { collect: namesOf(options.collectors), exclude: namesOf(options.exclude) };
  const choice = choose(asked, { from: ALL, where: "The agent" });
  if (choice.parts.length + choice.beside.length === 0) throw new UsageError("--exclude leaves nothing to collect. Exclude less.");
  await using machine = new Machine(choice, machineOptions(call));
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
  if (!options.quiet) surroundings.stderr.write(startText(server.url, options));
  await new Promise<void>((done) => interrupts.onFirst(() => done()));
  // SIGTERM is how a service manager stops what works well.
  return interrupts.first === undefined || interrupts.first === "SIGTERM" ? EXIT.ok : signalCode(interrupts.first);
}

/** Where the metrics are, and who may read them where that is everyone. */
function startText(url: string, options: AgentCall["options"]): string {
  const { host } = options;
  const everywhere = ["0.0.0.0", "::"].includes(host) ? ", and at its other addresses" : "";
  const line = `inferometer: metrics of this machine at ${url}/metrics${everywhere}\n`;
  const loopback = host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
  if (loopback || options["web-config"] !== undefined || options["token-file"] !== undefined) return line;
  return `${line}inferometer: whoever reaches this machine may read them. --web-config or --token-file asks who it is.\n`;
}

async function open({ options, surroundings }: AgentCall, machine: Machine): Promise<Exporter> {
  const { port, host, verbose } = options;
  const file = (name: "web-config" | "token-file"): string | undefined => {
    const given = options[name];
    return given === undefined ? undefined : fileOf(`--${name}`, given, surroundings.folder);
  };
  const webConfig = file("web-config");
  const token = file("token-file");
  try {
    return await serve({
      port,
      host,
      registry: machine.registry,
      select: (selection) => machine.select(selection),
      ...(webConfig === undefined ? {} : { webConfig }),
      ...(token === undefined ? {} : { bearerToken: { file: token } }),
      onError: (error) => surroundings.stderr.write(`inferometer: ${verbose ? (error.stack ?? error.message) : error.message}\n`),
    });
  } catch (error) {
    if (!(error instanceof InferometerError)) throw error;
    if (error.code === "PACKAGE_MISSING") {
      throw new InferometerError(error.code, `${error.message} (with --global, if inferometer was installed so).`, { cause: error });
    }
    if (error.code !== "PORT_IN_USE") throw error;
    throw new InferometerError(
      "PORT_IN_USE",
      `port ${port} of ${host} is taken, perhaps by another agent. Give --port 0 for any free one, or another number.`,
      { cause: error },
    );
  }
}

function machineOptions({ options, surroundings }: AgentCall): MachineOptions {
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
  // What nobody gave is not looked at: other systems have no /proc.
  const folder = (name: "procfs" | "sysfs" | "rootfs"): string => {
    const given = options[name];
    return given === agentOptions[name].default ? given : mountOf(`--${name}`, given, surroundings.folder);
  };
  const { nvidia } = options;
  return { nvidia: nvidia === "off" ? false : nvidia, ignore, procPath: folder("procfs"), sysPath: folder("sysfs"), rootfs: folder("rootfs") };
}

function patternOf(text: string, where: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(`${where} is ${shown(text)}: ${(error as Error).message}. Give a regular expression, such as '^(veth|cali)'.`);
  }
}
