import { InferometerError, parseDuration } from "@inferometer/metrics";
import { gpu, process as processMetrics } from "@inferometer/metrics/collectors";
import { type MetricsManager, metricsManager } from "@inferometer/metrics/exporter";
import { visionMetrics } from "@inferometer/metrics/instrument";
import { type Detecting, type DetectOptions, type DetectSummary, detect } from "@inferometer/vision";
import { EXIT } from "../command.ts";
import { errorText, isUsage } from "../error-text.ts";
import { Interrupts, type SignalSource, signalCode } from "./interrupts.ts";
import { type DetectCall, type Plan, plan } from "./plan.ts";
import { Report } from "./report.ts";
import { TextSink } from "./text-sink.ts";

/** What does the work; tests put something else here. */
export interface Parts {
  readonly detect: (options: DetectOptions) => Detecting;
  readonly signals: SignalSource;
}

const realParts: Parts = { detect, signals: process };

/** `inferometer detect`. */
export async function runDetect(call: DetectCall, parts: Parts = realParts): Promise<number> {
  const planned = plan(call);
  using interrupts = new Interrupts(parts.signals);
  await using manager = await openMetrics(call);
  const report = new Report(call);
  if (manager.url !== undefined) report.say(`metrics at ${manager.url}/metrics`);
  const sink =
    planned.lines === undefined
      ? undefined
      : planned.lines === "-"
        ? TextSink.toOutput(call.surroundings.stdout)
        : await TextSink.toFile(planned.lines);
  const outcome = await work(planned, { parts, manager, interrupts, report, sink });
  const code = await finish(call, { planned, outcome, report });
  if (call.options.linger !== undefined && interrupts.first === undefined) await linger(call.options.linger, { manager, interrupts, report });
  return interrupts.first === undefined || outcome.signal === undefined ? code : signalCode(outcome.signal);
}

/** What came of the work. */
export interface Outcome {
  readonly summary: DetectSummary;
  readonly failure?: unknown;
  /** What ended it early. */
  readonly signal?: ReturnType<() => Interrupts["first"]>;
}

async function openMetrics({ options }: DetectCall): Promise<MetricsManager> {
  const { metrics: mode, port, host, namespace } = options;
  try {
    return await metricsManager({ mode, port, host, namespace, collectors: mode === "none" ? [] : [processMetrics(), gpu()] });
  } catch (error) {
    if (!(error instanceof InferometerError) || error.code !== "PORT_IN_USE") throw error;
    throw new InferometerError(
      "PORT_IN_USE",
      `port ${port} of ${host} is taken, perhaps by an earlier run or by Prometheus. Give --port 0 for any free one, or another number.`,
    );
  }
}

interface Workplace {
  readonly parts: Parts;
  readonly manager: MetricsManager;
  readonly interrupts: Interrupts;
  readonly report: Report;
  readonly sink: TextSink | undefined;
}

async function work({ detection, model }: Plan, { parts, manager, interrupts, report, sink }: Workplace): Promise<Outcome> {
  const metrics = manager.mode === "none" ? {} : { metrics: visionMetrics({ model, registry: manager.registry }) };
  await using run = parts.detect({ ...detection, ...metrics });
  interrupts.onFirst((signal) => {
    report.say(`${signal === "SIGINT" ? "Ctrl-C" : signal}: finishing the frames in work; a second one ends at once`);
    void run.stop();
  });
  report.watch(run);
  let failure: unknown;
  if (sink !== undefined) {
    try {
      await writeLines(run, sink);
    } catch (error) {
      failure = error;
      await run.stop();
    }
  }
  try {
    await run.done;
  } catch (error) {
    failure ??= error;
  }
  report.end();
  return {
    summary: run.summary(),
    ...(failure === undefined ? {} : { failure }),
    ...(interrupts.first === undefined ? {} : { signal: interrupts.first }),
  };
}

async function writeLines(run: Detecting, sink: TextSink): Promise<void> {
  try {
    for await (const result of run) {
      await sink.write(`${JSON.stringify(result, shorter)}\n`);
      // `| head` has seen enough.
      if (sink.readerGone) break;
    }
    if (sink.readerGone) await run.stop();
  } finally {
    await sink.close();
  }
}

/** Nine digits are more than any clock or detector knows; JSON would write 17. */
const shorter = (_: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value;

async function finish(
  call: DetectCall,
  { planned, outcome, report }: { readonly planned: Plan; readonly outcome: Outcome; readonly report: Report },
): Promise<number> {
  const { summary, failure } = outcome;
  const { surroundings, options } = call;
  const broken = planned.limits.flatMap(({ text, crossed }) => {
    const measured = crossed(summary);
    return measured === undefined ? [] : [{ limit: text, measured }];
  });
  // Where nothing could even begin, the error says it all.
  if (failure === undefined || summary.frames.processed + summary.frames.failed > 0) await report.summary(summary);
  for (const { limit, measured } of broken) surroundings.stderr.write(`inferometer: ${limit} came true: ${measured}\n`);
  if (failure !== undefined) surroundings.stderr.write(errorText(failure, { verbose: options.verbose }));
  if (options.json) {
    const result = { ...summary, model: planned.model, peakMemoryBytes: report.peakMemoryBytes(), crossedLimits: broken };
    const out = TextSink.toOutput(surroundings.stdout);
    await out.write(`${JSON.stringify(failure instanceof Error ? { ...result, error: failure.message } : result, shorter)}\n`);
    await out.close();
  }
  if (failure !== undefined) return isUsage(failure) ? EXIT.usage : EXIT.failed;
  return broken.length > 0 ? EXIT.broken : EXIT.ok;
}

async function linger(
  time: string,
  { manager, interrupts, report }: { readonly manager: MetricsManager; readonly interrupts: Interrupts; readonly report: Report },
): Promise<void> {
  report.say(`metrics stay at ${manager.url}/metrics until Ctrl-C`);
  await new Promise<void>((resolve) => {
    // A timer counts 24 days at most; longer is for ever.
    const timer = setTimeout(resolve, Math.min(parseDuration(time), 2 ** 31 - 1));
    interrupts.onFirst(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
