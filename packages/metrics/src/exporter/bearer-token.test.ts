import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BearerToken } from "./bearer-token.ts";

describe("BearerToken", () => {
  it("lets in who shows it, in any spelling of the scheme", () => {
    const token = new BearerToken("s3cret-tökén");
    const sent = Buffer.from("s3cret-tökén").toString("latin1"); // as node hands it over
    for (const header of [`Bearer ${sent}`, `bearer   ${sent}`, `BEARER ${sent} `]) assert.equal(token.allows(header), true, header);
  });

  it("refuses everything else", () => {
    const token = new BearerToken("s3cret");
    for (const header of [
      undefined,
      "",
      "Bearer",
      "Bearer ",
      "s3cret",
      "Basic s3cret",
      "Bearer s3cre",
      "Bearer s3cret2",
      "Bearer s3 cret",
      "Bearer S3CRET",
    ]) {
      assert.equal(token.allows(header), false, header);
    }
  });

  it("reads a file, and again when it changes", async (t) => {
    const folder = await mkdtemp(join(tmpdir(), "bearer-"));
    t.after(() => rm(folder, { recursive: true }));
    const file = join(folder, "token");
    await writeFile(file, "first\n");
    const token = new BearerToken({ file });
    assert.equal(token.allows("Bearer first"), false);
    await token.refresh();
    assert.equal(token.allows("Bearer first"), true);
    await writeFile(file, "second\n");
    await token.refresh();
    assert.deepEqual([token.allows("Bearer first"), token.allows("Bearer second")], [false, true]);
    await rm(file);
    await assert.rejects(token.refresh(), { code: "CONFIG_INVALID" });
    assert.equal(token.allows("Bearer second"), true);
    await writeFile(file, " \n");
    await assert.rejects(token.refresh(), { code: "OPTION_INVALID", message: /is empty/ });
    assert.equal(token.allows("Bearer second"), true);
    assert.equal(token.allows("Bearer "), false);
  });

  it("refuses what is no token when it is made", () => {
    for (const source of ["", "two words", {}, null, 5]) assert.throws(() => new BearerToken(source as string), { code: "OPTION_INVALID" });
  });

  it("never shows the token in an error", () => {
    assert.throws(
      () => new BearerToken("my secret"),
      (error: Error) => !error.message.includes("my secret"),
    );
  });
});
