import type { CollectorState } from "../core/collection.ts";

/** What `/health` answers. Field names are part of the contract. */
export interface Health {
  /** `failing`: a required collector fails (HTTP 503). `degraded`: another one does. */
  readonly status: "ok" | "degraded" | "failing";
  /** Since the exporter started. */
  readonly uptime_seconds: number;
  readonly collectors: readonly {
    readonly name: string;
    readonly required: boolean;
    readonly ok: boolean;
    readonly duration_seconds: number;
    readonly error?: string;
  }[];
}

/** An error text is cut here: enough to know what is wrong, and never a stack trace. */
const MAX_ERROR_LENGTH = 200;

export function healthOf(states: readonly CollectorState[], uptimeSeconds: number): Health {
  const failed = states.filter((state) => !state.ok);
  return {
    status: failed.some((state) => state.required) ? "failing" : failed.length > 0 ? "degraded" : "ok",
    uptime_seconds: Math.round(uptimeSeconds * 1000) / 1000,
    collectors: states.map(({ name, required, ok, durationSeconds, error }) => ({
      name,
      required,
      ok,
      duration_seconds: durationSeconds,
      ...(error === undefined ? {} : { error: firstLine(error) }),
    })),
  };
}

function firstLine(text: string): string {
  const line = text.split("\n", 1)[0]!;
  return line.length > MAX_ERROR_LENGTH ? `${line.slice(0, MAX_ERROR_LENGTH - 1)}…` : line;
}
