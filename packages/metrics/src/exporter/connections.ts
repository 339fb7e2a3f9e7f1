import type { Socket } from "node:net";

/**
 * The connections that may carry requests, the longest unused first. Own books: what node:http's closeIdleConnections takes for idle differs
 * between Node's versions (from 26 on also a connection that was just made).
 */
export class Connections {
  /** Answers that are under way on each. */
  readonly #running: Map<Socket, number> = new Map();

  opened(socket: Socket): void {
    this.#running.set(socket, 0);
    socket.once("close", () => this.#running.delete(socket));
  }

  began(socket: Socket): void {
    this.#use(socket, +1);
  }

  ended(socket: Socket): void {
    this.#use(socket, -1);
  }

  /** Ends those on which no answer is under way. */
  closeIdle(): void {
    for (const [socket, running] of this.#running) if (running === 0) socket.destroy();
  }

  /** Ends the one that is unused for the longest time, other than the newest. */
  closeLongestIdle(): void {
    const newest = [...this.#running.keys()].at(-1);
    for (const [socket, running] of this.#running) {
      if (running > 0 || socket === newest) continue;
      socket.destroy();
      return;
    }
  }

  #use(socket: Socket, change: 1 | -1): void {
    const running = this.#running.get(socket);
    if (running === undefined) return;
    this.#running.delete(socket);
    this.#running.set(socket, running + change);
  }
}
