import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer, Asked, Outcome } from "./answer.ts";
import { inTurn } from "./slices.ts";

/** A node:http request as the exporter sees it. */
export function askedOfNode(request: IncomingMessage): Asked {
  return {
    method: request.method ?? "GET",
    target: request.url ?? "/",
    header(name) {
      const value = request.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    },
  };
}

/**
 * Writes an answer at the client's pace: one piece of at most 64 KiB is under way at a time. A client that has not taken all of it after
 * `timeoutMs` is cut off, also one that takes a byte now and then. Resolves when the answer has left or its connection is gone; never rejects.
 */
export function sendToNode(response: ServerResponse, answer: Answer, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    let outcome: Outcome = "gone";
    const ended = (): void => {
      clearTimeout(timer);
      if (response.writableFinished) outcome = "sent";
      answer.ended?.(outcome);
      resolve(outcome);
    };
    const giveUp = (): void => {
      outcome = "slow";
      response.destroy();
    };
    const timer = setTimeout(giveUp, timeoutMs).unref();
    if (response.destroyed || response.socket === null || response.socket.destroyed) {
      ended();
      return;
    }
    response.once("close", ended);
    // A write to a client that has just left: "close" follows and says all there is to say.
    response.on("error", () => {});
    const pump = (): void => {
      try {
        if (!response.headersSent) response.writeHead(answer.status, answer.headers);
        for (let step = answer.pieces?.next(); step !== undefined && step.done !== true; step = answer.pieces?.next()) {
          if (response.write(step.value)) continue;
          // To a fast client "drain" comes in the same turn of the event loop: without inTurn megabytes would go out before anyone else's turn.
          response.once("drain", () => inTurn(pump));
          return;
        }
        response.end();
      } catch {
        giveUp();
      }
    };
    inTurn(pump);
  });
}
