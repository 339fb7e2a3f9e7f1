import assert from "node:assert/strict";
import { describe, it } from "node:test";
import bcrypt from "bcryptjs";
import { BcryptThread } from "./bcrypt-thread.ts";

describe("BcryptThread", () => {
  it("compares in another thread, with $2a$, $2b$ and $2y$ hashes", async () => {
    const thread = new BcryptThread();
    const hash = bcrypt.hashSync("secret", 4);
    for (const kind of ["$2a$", "$2b$", "$2y$"]) {
      assert.equal(await thread.compare("secret", kind + hash.slice(4)), true);
      assert.equal(await thread.compare("Secret", kind + hash.slice(4)), false);
    }
    await thread.close();
  });

  it("leaves the event loop alone while it compares", async () => {
    const thread = new BcryptThread();
    const hash = bcrypt.hashSync("secret", 4);
    await thread.compare("secret", hash);
    const slow = `$2b$11$${hash.slice(7)}`;
    let turns = 0;
    const interval = setInterval(() => turns++, 1);
    const start = performance.now();
    await thread.compare("secret", slow);
    const took = performance.now() - start;
    clearInterval(interval);
    // bcryptjs on this thread would leave no turn at all for half of the time.
    assert.ok(turns > Math.min(took / 10, 20), `${turns} turns in ${took} ms`);
    await thread.close();
  });

  it("rejects who waits when it is closed, and starts again when asked again", async () => {
    const thread = new BcryptThread();
    const hash = `$2b$14$${bcrypt.hashSync("secret", 4).slice(7)}`;
    const waiting = assert.rejects(thread.compare("secret", hash), /ended/);
    await thread.close();
    await waiting;
    assert.equal(await thread.compare("secret", bcrypt.hashSync("secret", 4)), true);
    await thread.close();
  });
});
