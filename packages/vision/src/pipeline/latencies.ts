import { Registry } from "@inferometer/metrics";
import { PIPELINE_STAGES, type PipelineStage } from "./words.ts";

/** How long a stage took, over all frames so far. Quantiles are right to 1 %. */
export interface StageLatency {
  readonly count: number;
  readonly meanSeconds: number;
  readonly p50Seconds: number;
  readonly p95Seconds: number;
  readonly p99Seconds: number;
  readonly maxSeconds: number;
}

/** Remembers how long the stages took, in constant memory. */
export class Latencies {
  // A summary's sketch, with a window so long that nothing leaves it.
  readonly #seconds = new Registry().summary("stage_seconds", { help: "Time in a stage.", labels: ["stage"], maxAge: "520w" });
  readonly #max: Map<PipelineStage, number> = new Map();

  observe(stageSeconds: Readonly<Record<PipelineStage, number>>, stages: readonly PipelineStage[]): void {
    for (const stage of stages) {
      const seconds = stageSeconds[stage];
      this.#seconds.observe({ stage }, seconds);
      this.#max.set(stage, Math.max(this.#max.get(stage) ?? 0, seconds));
    }
  }

  /** Only the stages that were seen. */
  summary(): Readonly<Partial<Record<PipelineStage, StageLatency>>> {
    const summary: Partial<Record<PipelineStage, StageLatency>> = {};
    for (const stage of PIPELINE_STAGES) {
      const maxSeconds = this.#max.get(stage);
      if (maxSeconds === undefined) continue;
      const distribution = this.#seconds.distribution({ stage });
      const upTo = (share: number): number => Math.min(maxSeconds, distribution.quantile(share));
      summary[stage] = {
        count: distribution.count,
        meanSeconds: distribution.mean,
        p50Seconds: upTo(0.5),
        p95Seconds: upTo(0.95),
        p99Seconds: upTo(0.99),
        maxSeconds,
      };
    }
    return summary;
  }
}
