import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BasicAuth } from "./basic-auth.ts";

const header = (login: string): string => `Basic ${Buffer.from(login).toString("base64")}`;

/** Hashes that are the password with a mark; each comparison is written down. */
function setUp(users: Record<string, string>): { auth: BasicAuth; compared: [password: string, hash: string][] } {
  const compared: [string, string][] = [];
  const auth = new BasicAuth(new Map(Object.entries(users)), async (password, hash) => {
    compared.push([password, hash]);
    return hash === `#${password}`;
  });
  return { auth, compared };
}

describe("BasicAuth", () => {
  it("lets the right password in and remembers it", async () => {
    const { auth, compared } = setUp({ alice: "#secret" });
    assert.equal(await auth.check(header("alice:secret")), "allowed");
    assert.equal(await auth.check(header("alice:secret")), "allowed");
    assert.equal(compared.length, 1);
  });

  it("refuses a wrong password and remembers it", async () => {
    const { auth, compared } = setUp({ alice: "#secret" });
    assert.equal(await auth.check(header("alice:wrong")), "refused");
    assert.equal(await auth.check(header("alice:wrong")), "refused");
    assert.equal(compared.length, 1);
  });

  it("compares an unknown name's password with a real hash, the same one each time, and refuses even if it fits", async () => {
    const users = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`user${i}`, `#p${i}`]));
    const { auth, compared } = setUp(users);
    for (let i = 0; i < 20; i++) assert.equal(await auth.check(header(`nobody:p${i}`)), "refused");
    const hashes = new Set(compared.map(([, hash]) => hash));
    assert.equal(compared.length, 20);
    assert.equal(hashes.size, 1);
    assert.ok([...hashes].every((hash) => Object.values(users).includes(hash)));
  });

  it("keeps logins apart whose parts would read alike when joined", async () => {
    const { auth } = setUp({ alice: "#b" });
    assert.equal(await auth.check(header("alice#:b")), "refused");
    assert.equal(await auth.check(header("alice:#b")), "refused");
    assert.equal(await auth.check(header("alice:b")), "allowed");
  });

  it("takes a password with colons and characters beyond ASCII", async () => {
    const { auth } = setUp({ zoë: "#pass:wörd" });
    assert.equal(await auth.check(header("zoë:pass:wörd")), "allowed");
  });

  it("compares once for logins that come at the same time", async () => {
    const { auth, compared } = setUp({ alice: "#secret" });
    await Promise.all(Array.from({ length: 150 }, () => auth.check(header("alice:secret"))));
    assert.equal(compared.length, 1);
  });

  it("lets known logins in while strangers keep it busy", async () => {
    let release: (() => void)[] = [];
    const auth = new BasicAuth(new Map([["alice", "#secret"]]), (password) =>
      password === "secret" ? Promise.resolve(true) : new Promise((resolve) => release.push(() => resolve(false))),
    );
    assert.equal(await auth.check(header("alice:secret")), "allowed");
    const flood = Array.from({ length: 100 }, (_, i) => auth.check(header(`alice:${i}`)));
    assert.equal(await auth.check(header("alice:secret")), "allowed");
    assert.equal(release.length, 32);
    for (const done of release) done();
    release = [];
    const outcomes = await Promise.all(flood);
    assert.equal(outcomes.filter((outcome) => outcome === "busy").length, 68);
  });

  it("forgets old refusals, not the right passwords", async () => {
    const { auth, compared } = setUp({ alice: "#secret" });
    await auth.check(header("alice:secret"));
    for (let i = 0; i < 500; i++) await auth.check(header(`alice:${i}`));
    compared.length = 0;
    await auth.check(header("alice:secret"));
    assert.equal(compared.length, 0);
    await auth.check(header("alice:499"));
    assert.equal(compared.length, 0);
    await auth.check(header("alice:0"));
    assert.equal(compared.length, 1);
  });

  it("refuses without comparing what is no login", async () => {
    const { auth, compared } = setUp({ alice: "#secret" });
    for (const hostile of [
      undefined,
      "",
      "Basic",
      "Basic ",
      "Basic ***",
      "Bearer x",
      `Basic ${Buffer.from("alice").toString("base64")}`,
      "basic\u0000YQ==",
    ]) {
      assert.equal(await auth.check(hostile), "refused");
    }
    assert.equal(compared.length, 0);
  });

  it("rejects when the comparison fails, and compares again the next time", async () => {
    let calls = 0;
    const auth = new BasicAuth(new Map([["alice", "#secret"]]), async () => {
      if (calls++ === 0) throw new Error("thread died");
      return true;
    });
    await assert.rejects(auth.check(header("alice:secret")), /thread died/);
    assert.equal(await auth.check(header("alice:secret")), "allowed");
  });
});
