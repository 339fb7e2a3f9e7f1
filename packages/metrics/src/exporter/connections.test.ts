import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { describe, it } from "node:test";
import { Connections } from "./connections.ts";

/** A socket as far as it matters here. */
class FakeSocket extends EventEmitter {
  destroyed = false;
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

function open(connections: Connections, count: number): FakeSocket[] {
  return Array.from({ length: count }, () => {
    const socket = new FakeSocket();
    connections.opened(socket as unknown as Socket);
    return socket;
  });
}

const asSocket = (socket: FakeSocket | undefined): Socket => socket as unknown as Socket;
const closed = (sockets: readonly FakeSocket[]): number[] => sockets.flatMap((socket, k) => (socket.destroyed ? [k] : []));

describe("Connections", () => {
  it("closes the one that is unused for the longest time", () => {
    const connections = new Connections();
    const sockets = open(connections, 4);
    connections.began(asSocket(sockets[0]));
    connections.ended(asSocket(sockets[0]));
    connections.closeLongestIdle();
    assert.deepEqual(closed(sockets), [1]);
    connections.closeLongestIdle();
    assert.deepEqual(closed(sockets), [1, 2]);
  });

  it("spares those on which an answer is under way, also when others on it have ended", () => {
    const connections = new Connections();
    const sockets = open(connections, 3);
    connections.began(asSocket(sockets[0]));
    connections.began(asSocket(sockets[0]));
    connections.ended(asSocket(sockets[0]));
    connections.closeIdle();
    assert.deepEqual(closed(sockets), [1, 2]);
    connections.ended(asSocket(sockets[0]));
    connections.closeIdle();
    assert.deepEqual(closed(sockets), [0, 1, 2]);
  });

  it("spares the newest", () => {
    const connections = new Connections();
    const sockets = open(connections, 1);
    connections.closeLongestIdle();
    assert.deepEqual(closed(sockets), []);
  });

  it("forgets what was closed", () => {
    const connections = new Connections();
    const sockets = open(connections, 2);
    sockets[0]?.destroy();
    connections.ended(asSocket(sockets[0]));
    connections.closeLongestIdle();
    assert.deepEqual(closed(sockets), [0]);
  });
});
