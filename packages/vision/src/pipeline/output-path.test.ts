import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { outputFor, outputKind } from "./output-path.ts";

describe("the output's path", () => {
  it("is as given for one source, and numbered for several", () => {
    assert.equal(outputFor("a.mp4", { source: 0, of: 1 }), "a.mp4");
    assert.equal(outputFor("x.y/a.mp4", { source: 1, of: 2 }), "x.y/a-2.mp4");
    assert.equal(outputFor("out/", { source: 0, of: 2 }), "out/1/");
    assert.equal(outputFor("out/%06d.png", { source: 0, of: 2 }), "out/%06d-1.png");
  });

  it("says whether frames become a video or pictures", () => {
    assert.equal(outputKind("a.mp4"), "video");
    assert.equal(outputKind("a.b/c.mkv"), "video");
    assert.equal(outputKind("out/"), "pictures");
    assert.equal(outputKind("out/f%04d.JPG"), "pictures");
  });

  it("is refused when it says neither", () => {
    assert.throws(() => outputKind("annotated"), { code: "OUTPUT_FAILED", message: /"annotated" has no ending\. Give "annotated\.mp4"/ });
    assert.throws(() => outputKind("a.png"), { code: "OUTPUT_FAILED", message: /"out\/%06d\.png"/ });
  });
});
