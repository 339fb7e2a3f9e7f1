import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import test from "node:test";
import { InferometerError } from "@inferometer/metrics";
import { createSource, type SourceSpec } from "./create-source.ts";
import { parseSource } from "./parse-source.ts";

const FORMS: readonly (readonly [string, SourceSpec])[] = [
  ["street.mp4", { kind: "video", input: "street.mp4" }],
  ["a:b.mp4", { kind: "video", input: "a:b.mp4" }],
  ["file:///data/a.mp4", { kind: "video", input: "/data/a.mp4" }],
  [tmpdir(), { kind: "images", folder: tmpdir() }],
  ["frames/", { kind: "images", folder: "frames/" }],
  ["/dev/video0", { kind: "video", input: "/dev/video0" }],
  ["rtsp://u:p@cam/1", { kind: "video", input: "rtsp://u:p@cam/1" }],
  ["redis://localhost:6379/cam", { kind: "redis", url: "redis://localhost:6379", stream: "cam" }],
  [
    "rediss://u:p%40@h/a%20b?db=2&group=g&consumer=c&mode=group&from=new&color=rgb",
    { kind: "redis", url: "rediss://u:p%40@h/2", stream: "a b", mode: "group", group: "g", consumer: "c", from: "new", color: "rgb" },
  ],
  ["synthetic", { kind: "synthetic" }],
  ["synthetic:", { kind: "synthetic" }],
  ["synthetic:frames=300,live&figures=person,noise=0", { kind: "synthetic", frames: 300, live: true, figures: "person", noise: 0 }],
];
for (const [text, spec] of FORMS) {
  test(`reads ${text}`, () => {
    assert.deepEqual(parseSource(text), spec);
    assert.ok(createSource(spec).name.length > 0);
    assert.deepEqual(structuredClone(spec), spec);
  });
}

const NONSENSE = ["", "  ", "gopher://x/y", "redis://host:6379", "redis://:::/x", "redis://h/s?mode=all", "redis://h/s?gruop=a"];
for (const text of [...NONSENSE, "synthetic:frames", "synthetic:frames=many", "synthetic:frames=", "synthetic:colour=3", "synthetic:figures=dog"]) {
  test(`refuses "${text}" with the forms that there are`, () => {
    assert.throws(
      () => parseSource(text),
      (error) =>
        error instanceof InferometerError &&
        error.code === "SOURCE_INVALID" &&
        error.message.startsWith(JSON.stringify(text.split("?", 1)[0])) &&
        /rtsp:/.test(error.message),
    );
  });
}

test("no password is in a name or in a refusal", () => {
  assert.equal(createSource(parseSource("rtsp://eve:hidden@cam:554/1?token=hidden")).name, "rtsp://cam:554/1");
  assert.equal(createSource(parseSource("redis://:hidden@h:1/s?db=3")).name, "redis://h:1/s");
  assert.throws(
    () => parseSource("gopher://eve:hidden@x"),
    (error) => !/hidden/.test((error as Error).message),
  );
});

test("an unknown kind is refused", () => {
  assert.throws(() => createSource({ kind: "film" } as unknown as SourceSpec), /"film" is unknown\. Kinds: video/);
});
