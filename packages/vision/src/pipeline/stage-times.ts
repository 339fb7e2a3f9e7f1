import type { DetectorStage, StageClock } from "../types.ts";
import { monotonicSeconds } from "./monotonic.ts";

/** Times the stages of one detector's work; used again for every frame. */
export class StageTimes implements StageClock {
  readonly seconds: Record<DetectorStage, number> = { preprocess: 0, inference: 0, postprocess: 0 };
  #lastSeconds = 0;

  begin(): void {
    this.seconds.preprocess = this.seconds.inference = this.seconds.postprocess = 0;
    this.#lastSeconds = monotonicSeconds();
  }

  mark(stage: DetectorStage): void {
    const now = monotonicSeconds();
    // A detector written in JavaScript may mark a stage that does not exist.
    const known: DetectorStage = stage in this.seconds ? stage : "inference";
    this.seconds[known] += now - this.#lastSeconds;
    this.#lastSeconds = now;
  }

  /** What was not marked counts as inference. */
  end(): void {
    this.mark("inference");
  }
}
