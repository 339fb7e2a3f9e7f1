import assert from "node:assert/strict";
import { test } from "node:test";
import { Kept } from "../surroundings.test-kit.ts";
import { plain } from "../terminal/style.ts";
import { Progress } from "./progress.ts";
import { framesOf, summaryOf } from "./summary.test-kit.ts";

const at = (seconds: number, received: number, expectedFrames?: number) =>
  summaryOf({ seconds, frames: framesOf({ received }), ...(expectedFrames === undefined ? {} : { expectedFrames }) });
const redrawn = { mode: "redrawn", style: plain, unicode: false } as const;
const shownIn = (output: Kept): string => output.text.split("\r\x1b[K").at(-1)!;

test("a terminal shows a bar, the share, frames, rate, latency and the time left", () => {
  const output = new Kept({ isTTY: true, columns: 100 });
  const progress = new Progress(output, redrawn);
  progress.update(at(1, 1000, 12_000));
  assert.equal(shownIn(output), "##----------------------  8 %  1 000/12 000 frames  1 000 fps  p95 40.0 ms  ETA 0:11");
  progress.update(at(2, 1100, 12_000));
  assert.equal(shownIn(output), "##----------------------  9 %  1 100/12 000 frames  550 fps  p95 40.0 ms  ETA 0:20");
});

test("the time left comes from the last ten seconds", () => {
  const output = new Kept({ isTTY: true, columns: 100 });
  const progress = new Progress(output, redrawn);
  // Quick at first, then ten a second: the quick part is forgotten.
  progress.update(at(0, 0, 2000));
  progress.update(at(1, 1000, 2000));
  for (let second = 2; second <= 12; second++) progress.update(at(second, 1000 + (second - 1) * 10, 2000));
  assert.match(shownIn(output), /10\.0 fps .* ETA 1:29/);
});

test("a stream of unknown length shows how long it has run instead", () => {
  const output = new Kept({ isTTY: true });
  const progress = new Progress(output, redrawn);
  progress.update(at(82, 4920));
  progress.update(at(83, 4980));
  assert.equal(shownIn(output), "4 980 frames  60.0 fps  p95 40.0 ms  1:23");
});

test("a narrow terminal loses the bar first, then what matters least, and never breaks the line", () => {
  for (let columns = 20; columns < 100; columns++) {
    const output = new Kept({ isTTY: true, columns });
    const progress = new Progress(output, redrawn);
    const summary = summaryOf({ seconds: 5, frames: framesOf({ received: 500, dropped: { stale: 5 } }), expectedFrames: 1000 });
    progress.update({ ...summary, seconds: 4, frames: framesOf({ received: 400 }) });
    progress.update(summary);
    const line = shownIn(output);
    assert.ok(line.length < columns, `${line.length} letters in ${columns} columns`);
    assert.match(line, /50 %/);
    assert.equal(line.includes("drop 1.0 %"), columns > 67);
  }
});

test("what is not a terminal gets whole lines", () => {
  const output = new Kept();
  const progress = new Progress(output, { ...redrawn, mode: "lines" });
  progress.update(at(10, 500, 1000));
  progress.update(at(20, 900, 1000));
  progress.clear();
  assert.equal(
    output.text,
    "inferometer: 50 %, 500/1 000 frames, 50.0 fps, p95 40.0 ms, ETA 0:10\ninferometer: 90 %, 900/1 000 frames, 40.0 fps, p95 40.0 ms, ETA 0:03\n",
  );
});

test("a line of its own takes the place of the redrawn one", () => {
  const output = new Kept({ isTTY: true });
  const progress = new Progress(output, redrawn);
  progress.update(at(1, 10));
  progress.say("camera is down");
  assert.ok(output.text.endsWith("\r\x1b[Kcamera is down\n"));
  progress.clear();
  assert.ok(output.text.endsWith("down\n"), "nothing was left to clear");
});
