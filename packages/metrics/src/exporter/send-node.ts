import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
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
    const { socket } = response.req;
    let isOpen = true;
    const end = (outcome: Outcome): void => {
      if (!isOpen) return;
      isOpen = false;
      clearTimeout(timer);
      waitingOn(socket).delete(gone);
      answer.ended?.(outcome);
      resolve(outcome);
    };
    const gone = (): void => end(response.writableFinished ? "sent" : "gone");
    const giveUp = (): void => {
      // The socket itself: an answer that waits behind another one of its client has none yet.
      socket.destroy();
      end("slow");
    };
    const timer = setTimeout(giveUp, timeoutMs).unref();
    if (response.destroyed || socket.destroyed) {
      end("gone");
      return;
    }
    waitingOn(socket).add(gone);
    response.once("finish", gone);
    response.once("close", gone);
    // A write to a client that has just left: "close" follows and says all there is to say.
    response.on("error", () => {});
    const pump = (): void => {
      if (!isOpen) return;
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

const waiting: WeakMap<Socket, Set<() => void>> = new WeakMap();

/**
 * Those to be told when a socket closes. A client may send hundreds of requests ahead: node tells only the first answer that the
 * connection is gone, and a listener for each would bring a warning of a leak.
 */
function waitingOn(socket: Socket): Set<() => void> {
  let callbacks = waiting.get(socket);
  if (callbacks === undefined) {
    const all = new Set<() => void>();
    socket.once("close", () => {
      for (const callback of [...all]) callback();
    });
    waiting.set(socket, all);
    callbacks = all;
  }
  return callbacks;
}
