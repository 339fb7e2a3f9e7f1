import { BroadcastChannel, receiveMessageOnPort } from "node:worker_threads";
import type { CollectorState } from "../core/collection.ts";
import type { SharedPart } from "../core/journal.ts";
import type { PortableSnapshot } from "../core/portable.ts";

/** The channel that `shareMetrics`, `ThreadHub` and `serve({ worker: true })` use unless they are given another. */
export const DEFAULT_CHANNEL = "inferometer";

/** What the threads of a process say to each other. A member is one registry in one thread. */
export type ThreadMessage =
  /** A hub has come: members say who they are. */
  | { readonly kind: "who" }
  /** A member begins (again): what was known of it is void. */
  | { readonly kind: "hello"; readonly member: string; readonly threadId: number; readonly version: Int32Array }
  | { readonly kind: "part"; readonly member: string; readonly part: SharedPart }
  | { readonly kind: "bye"; readonly threadId: number }
  | { readonly kind: "ask"; readonly member: string; readonly request: string; readonly names: readonly string[]; readonly deadlineMs: number }
  /** The member is awake and at it; its answer may take as long as its collectors take. */
  | { readonly kind: "heard"; readonly member: string; readonly request: string }
  | {
      readonly kind: "answer";
      readonly member: string;
      readonly request: string;
      readonly snapshot: PortableSnapshot;
      readonly collectors: readonly CollectorState[];
      readonly missing: readonly string[];
    };

/** A broadcast channel that does not keep the process alive, and whose waiting messages can be taken at once. */
export class ThreadChannel {
  readonly #channel: BroadcastChannel;
  readonly #onMessage: (message: ThreadMessage) => void;

  constructor(name: string, onMessage: (message: ThreadMessage) => void) {
    this.#channel = new BroadcastChannel(name);
    this.#onMessage = onMessage;
    this.#channel.onmessage = (event) => onMessage((event as { data: ThreadMessage }).data);
    this.#channel.unref();
  }

  post(message: ThreadMessage): void {
    this.#channel.postMessage(message);
  }

  /** Handles the messages that have arrived but not been delivered yet. */
  drain(): void {
    // @types/node 20 leaves out that a BroadcastChannel is accepted here; Node's documentation has it.
    const port = this.#channel as unknown as Parameters<typeof receiveMessageOnPort>[0];
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) this.#onMessage(next.message as ThreadMessage);
  }

  close(): void {
    this.#channel.close();
  }
}
