// The command watches a real, damaged video while a real Prometheus scrapes it; queries must say what the command's own summary says.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DetectSummary } from "@inferometer/vision";
import { unlessMissing, whereIs } from "../../tools/programs.mjs";
import { eventually, freePort, startProgram } from "./debian-program.ts";
import { type Scraping, scraping } from "./scraping-prometheus.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const prometheus = whereIs("prometheus");
const ffmpeg = whereIs("ffmpeg");
const video = whereIs("vtest.avi");
const LINES = "out.jsonl";

/** The video with bytes turned over here and there, and a detector of motion that fails now and then: there are errors to count. */
function troubles(folder: string): { readonly clip: string; readonly detector: string } {
  const bytes = readFileSync(video!);
  for (let at = 1_000_000; at < bytes.length; at += 700_000) bytes.subarray(at, at + 40).forEach((byte, of) => void (bytes[at + of] = byte ^ 0xff));
  const clip = join(folder, "damaged.avi");
  writeFileSync(clip, bytes);
  const detector = join(folder, "unsteady.mjs");
  writeFileSync(
    detector,
    `import { MotionDetector } from ${JSON.stringify(pathToFileURL(join(root, "packages/vision/dist/index.js")).href)};
    const motion = new MotionDetector();
    let frames = 0;
    const nap = new Int32Array(new SharedArrayBuffer(4));
    export default {
      name: "unsteady",
      detect(frame, clock) {
        Atomics.wait(nap, 0, 0, 10); // a quick machine would be done between two scrapes
        if (++frames % 100 === 0) throw new Error("every hundredth frame");
        return motion.detect(frame, clock);
      },
    };`,
  );
  return { clip, detector };
}

const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);

async function holdsFrames({ value }: Scraping, { frames }: DetectSummary): Promise<void> {
  assert.equal(await value("sum(vision_frames_received_total)"), frames.received);
  assert.equal(await value('vision_frames_processed_total{model="unsteady",status="success"}'), frames.processed);
  assert.equal(await value('vision_frames_processed_total{model="unsteady",status="error"}'), frames.failed);
  for (const [reason, count] of Object.entries(frames.dropped)) assert.equal(await value(`vision_frames_dropped_total{reason="${reason}"}`), count);
  assert.equal(await value("vision_frames_in_flight"), 0);
  assert.ok(frames.processed > 500 && frames.failed > 5 && frames.dropped.sampled > 100, JSON.stringify(frames));
}

async function holdsSpeed({ value, get }: Scraping, { frames, framesPerSecond, latency }: DetectSummary): Promise<void> {
  type Matrix = { readonly data: { readonly result: readonly { readonly values: readonly (readonly [number, string])[] }[] } };
  const { data } = await get<Matrix>(`query?query=${encodeURIComponent("sum without (status) (vision_frames_processed_total)[5m:1s]")}`);
  const seen = data.result[0]!.values.map(([seconds, count]) => ({ seconds, count: Number(count) }));
  const done = frames.processed + frames.failed;
  const between = seen.filter(({ count }) => count > 0 && count < done);
  assert.ok(between.length >= 2, `${between.length} scrapes saw the work going on`);
  const [first, last] = [between[0]!, between.at(-1)!];
  const rate = (last.count - first.count) / (last.seconds - first.seconds);
  assert.ok(rate > framesPerSecond / 2 && rate < framesPerSecond * 2, `Prometheus saw ${rate} frames/s, the summary says ${framesPerSecond}`);

  // Buckets are all that Prometheus knows: the summary's p95 lies in the one that its own falls into, give or take the 1 % of the summary's.
  const p95 = await value('histogram_quantile(0.95, vision_detection_latency_seconds_bucket{stage="total"})');
  const edges = [...(await bucketEdges(get))];
  const upper = edges.find((edge) => p95 <= edge)!;
  const lower = edges.filter((edge) => edge < upper).at(-1) ?? 0;
  const { p95Seconds, count, meanSeconds } = latency.total!;
  assert.ok(p95Seconds > lower * 0.98 && p95Seconds < upper * 1.02, `${p95Seconds} s is not in the bucket (${lower}, ${upper}] of ${p95} s`);
  assert.equal(await value('vision_detection_latency_seconds_count{stage="total"}'), count);
  const sum = await value('vision_detection_latency_seconds_sum{stage="total"}');
  assert.ok(Math.abs(sum / count - meanSeconds) < meanSeconds * 1e-6, `mean ${sum / count} s, ${meanSeconds} s in the summary`);
}

async function bucketEdges(get: Scraping["get"]): Promise<readonly number[]> {
  const { data } = await get<{ readonly data: readonly string[] }>("label/le/values?match[]=vision_detection_latency_seconds_bucket");
  return data.map(Number).sort((a, b) => a - b);
}

async function holdsFindings({ query, value }: Scraping, { detections, tracks, errors }: DetectSummary): Promise<void> {
  const classes = (await query("sum by (class) (vision_detections_total)")).map(({ metric, value: [, count] }) => [metric["class"], Number(count)]);
  assert.deepEqual(Object.fromEntries(classes), detections);
  assert.ok(detections["motion"]! > 1000);
  assert.equal(await value("vision_tracks_created_total"), tracks.created);
  for (const [reason, count] of Object.entries(tracks.lost)) assert.equal(await value(`vision_tracks_lost_total{reason="${reason}"}`), count);
  const told = (component: string): number => errors.filter((error) => error.component === component).reduce((sum, { count }) => sum + count, 0);
  assert.ok(told("detector") > 5 && told("source") > 5, JSON.stringify(errors));
  assert.equal(await value('vision_errors_total{component="detector"}'), told("detector"));
  assert.equal(await value('sum(vision_errors_total{component="source"})'), told("source"));
  assert.equal(await value("sum(vision_decode_errors_total)"), told("source"));
}

/** Over all scrapes, those in the middle of the work included. */
async function holdsLaws({ value }: Scraping): Promise<void> {
  const frames =
    "sum(vision_frames_received_total) - sum(vision_frames_processed_total) - sum(vision_frames_dropped_total) - sum(vision_frames_in_flight)";
  const tracks = "sum(vision_tracks_created_total) - sum(vision_tracks_lost_total) - sum(vision_active_tracks)";
  for (const law of [frames, tracks]) assert.equal(await value(`max_over_time(abs(${law})[5m:250ms])`), 0, law);
}

test("what a real Prometheus scrapes of `inferometer detect` is what the summary says", {
  timeout: 120_000,
  ...unlessMissing("prometheus", "ffmpeg", "vtest.avi"),
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "detect-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const { clip, detector } = troubles(folder);
  const port = await freePort();
  await using scraped = await scraping(`127.0.0.1:${port}`, { prometheus });
  const words = `--metrics prometheus --port ${port} --linger 10m --max-fps 8 --quiet --json --jsonl ${join(folder, LINES)}`.split(" ");
  const bin = join(root, "packages/cli/bin/inferometer.js");
  await using command = startProgram(process.execPath, [bin, "detect", clip, "--detector", detector, ...words, "--ffmpeg", ffmpeg!]);
  const ended = eventually(async () => /^\{.*\}\n/m.exec(command.output())?.[0], { seconds: 60, what: `the summary (${command.output()})` });
  const summary = JSON.parse(await ended) as DetectSummary;
  const { frames } = summary;
  assert.equal(frames.received, frames.processed + frames.failed + total(frames.dropped));
  assert.equal(frames.received, 795);

  const lastScrape = async () => ((await scraped.value("vision_active_tracks == 0 and on () vision_source_up == 0")) === 0 ? true : undefined);
  await eventually(lastScrape, { seconds: 20, what: "a scrape after the end" });
  await holdsFrames(scraped, summary);
  await holdsSpeed(scraped, summary);
  await holdsFindings(scraped, summary);
  await holdsLaws(scraped);

  const lines = readFileSync(join(folder, LINES), "utf8").trimEnd().split("\n");
  const results = lines.map((line) => JSON.parse(line) as { readonly detections: readonly { readonly label: string }[]; readonly error?: string });
  assert.equal(results.length, frames.processed + frames.failed);
  assert.equal(results.filter(({ error }) => error !== undefined).length, frames.failed);
  assert.equal(
    results.reduce((sum, { detections }) => sum + detections.length, 0),
    summary.detections["motion"],
  );
});
