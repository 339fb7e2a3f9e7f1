import { readFileSync } from "node:fs";
import { inChild } from "../child.mjs";
import { installRivals } from "../install.mjs";
import { interleaved, median } from "../rounds.mjs";
import { number } from "../table.mjs";

const MOST = 0.75;
const ROWS = [
  { id: "640x360", bytes: 640 * 360 * 3 },
  { id: "1280x720", bytes: 1280 * 720 * 3 },
];
const RIVALS = ["node-av", "node-av, synchronous"];

/** What a decoded picture costs: our ffmpeg at the end of a socket, and FFmpeg inside the process. */
export async function decode({ quick, onStep, videos }) {
  const missing = whatIsMissing();
  const results = await interleaved({
    rows: ROWS,
    clients: ["inferometer", ...(missing === undefined ? RIVALS : [])],
    rounds: quick ? 1 : 3,
    onStep,
    measure: ({ id, bytes }, client) => inChild("vision/decode-child.mjs", { client, video: videos[id], bytes, frames: quick ? 200 : 400 }),
  });
  const rows = ROWS.map(({ id }) => {
    const byClient = results.get(id);
    const at = (client) => (byClient.has(client) ? median(byClient.get(client)) : undefined);
    const [ours, theirs, synchronous] = ["inferometer", ...RIVALS].map(at);
    const ratios = (byClient.get("node-av") ?? []).map((value, k) => byClient.get("inferometer")[k] / value);
    const shown = (value) => (value === undefined ? "–" : number(value));
    return [
      id,
      ...[ours, theirs, synchronous].map(shown),
      theirs === undefined ? "–" : `${number(ours / theirs)}x (${number(Math.min(...ratios))}–${number(Math.max(...ratios))})`,
      synchronous === undefined ? "–" : `${number(ours / synchronous)}x`,
      `at most ${MOST}x`,
      verdict({ ours, theirs, synchronous }),
    ];
  });
  return {
    title: "Vision: decoding",
    text:
      "CPU milliseconds a picture, vtest.avi as H.264 to rgb24 in shared memory, behind the first 100 pictures; all threads and the child process. Ours: `createSource`, as `detect` uses it: ffmpeg in a " +
      `process of its own, time stamps and watchdog included. ${
        missing ??
        `node-av ${version()}: FFmpeg in the process, with the Scaler that its manual advises, asynchronous; and ` +
          "synchronous, which holds up the thread that asks (the target is against the asynchronous one)."
      }`,
    table: [["size", "ours", "node-av", "synchronous", "ours : node-av", "ours : synchronous", "target", "verdict"], ...rows],
  };
}

function verdict({ ours, theirs, synchronous }) {
  if (ours === undefined || theirs === undefined) return "not measured";
  const said = ours <= MOST * theirs ? "ok" : "below";
  return synchronous < ours ? `${said}, beaten by synchronous` : said;
}

/** Installs node-av where it is missing. Returns why it cannot be measured. */
function whatIsMissing() {
  try {
    installRivals(["node-av/"]);
    return undefined;
  } catch (error) {
    return `node-av is not measured: ${error.message}`;
  }
}

const version = () => JSON.parse(readFileSync(new URL("../node-av/node_modules/node-av/package.json", import.meta.url), "utf8")).version;
