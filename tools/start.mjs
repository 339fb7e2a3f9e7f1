// `npm start`: people in a real video, found, followed and measured; a made-up scene where there is no video or no ffmpeg.
// npm start -- --port 9191 --json     hands further options on to `inferometer detect`
import { spawnSync } from "node:child_process";
import { createServer } from "node:net";
import { environment, whereIs } from "./programs.mjs";

const PORT = 9090;
process.env.PATH = environment().PATH;

const given = process.argv.slice(2);
const video = whereIs("vtest.avi");
const ffmpeg = spawnSync("ffmpeg", ["-version"], { stdio: "ignore" }).status === 0;
if (video === undefined || !ffmpeg)
  console.error(
    `start: ${ffmpeg ? "the video vtest.avi of OpenCV's samples" : "ffmpeg"} is not here, so a made-up scene takes the place of a real video.`,
  );
const source = video !== undefined && ffmpeg ? [video, "--detector", "people"] : ["synthetic:frames=1500"];
const port = given.some((word) => word.startsWith("--port")) || (await isFree(PORT)) ? [] : ["--port", "0"];
const quiet = given.some((word) => ["-q", "--quiet", "-h", "--help"].includes(word));
if (video !== undefined && ffmpeg && !quiet) console.error(`start: looking for people in ${video}, 80 s of a street.`);
if (!quiet && !given.some((word) => word.startsWith("--linger")))
  console.error("start: the metrics end with it; npm start -- --linger keeps them up.");
if (port.length > 0) console.error(`start: port ${PORT} is taken, so another one is used.`);

// In this process: Ctrl-C reaches the command at once, and its exit code is ours.
process.argv = [process.argv[0], "inferometer", "detect", ...source, "--metrics", "prometheus", ...port, ...given];
await import("../packages/cli/bin/inferometer.js");

function isFree(wanted) {
  return new Promise((done) => {
    const server = createServer()
      .once("error", () => done(false))
      .listen(wanted, "127.0.0.1", () => server.close(() => done(true)));
  });
}
