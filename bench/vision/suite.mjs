import { decode } from "./decode.mjs";
import { growth } from "./growth.mjs";
import { loopDelay } from "./loop-delay.mjs";
import { metricsCost } from "./metrics-cost.mjs";
import { mixture } from "./mixture.mjs";
import { throughput } from "./throughput.mjs";
import { videos } from "./videos.mjs";

/** Detecting in real video: what metrics add, how quick it is, and what it holds up or keeps. Linux only. */
export async function vision({ quick, onStep }) {
  const options = { quick, onStep, videos: videos() };
  const results = [];
  for (const part of [metricsCost, throughput, loopDelay, mixture, decode, growth]) results.push(await part(options));
  return results;
}
