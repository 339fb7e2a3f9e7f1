import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createDetector, type DetectorSpec } from "../detectors/index.ts";
import type { Detector, StreamInfo } from "../types.ts";
import { Bell } from "./bell.ts";
import { Board } from "./board.ts";
import { DetectorLoop, type LoopSettings } from "./detector-loop.ts";
import { failureOf } from "./failure.ts";
import { monotonicSeconds } from "./monotonic.ts";
import { Ring } from "./ring.ts";
import { type OutputSettings, VideoOutput } from "./video-output.ts";
import type { DetectorWord, DeviceFallback, MainWord } from "./words.ts";

/** What the thread is started with. */
export interface DetectorStart {
  readonly spec: DetectorSpec;
  readonly settings: LoopSettings;
  readonly queueSize: number;
  readonly output?: OutputSettings;
  readonly board: SharedArrayBuffer;
  /** Leads to the reader's thread. */
  readonly bell: MessagePort;
}

/** What some detectors know of themselves beside the interface. */
type DetectorOnDevice = Detector & { readonly device?: string; readonly fallbacks?: readonly DeviceFallback[] };

const start = workerData as DetectorStart;
const main = parentPort!;
const say = (word: DetectorWord): void => main.postMessage(word);

const board = new Board(start.board);
const bell = new Bell(start.bell, { board, own: "detector", other: "reader" });
start.bell.on("message", () => bell.awake());

let output: VideoOutput | undefined;
let stream: { readonly ring: Ring; readonly info: StreamInfo } | undefined;
main.on("message", (word: MainWord) => {
  if (word.kind === "ring") {
    const { width, height, pixelFormat } = word.info;
    const frameBytes = width * height * (pixelFormat === "rgb24" ? 3 : 1);
    stream = { info: word.info, ring: new Ring({ queueSize: start.queueSize, frameBytes, buffer: word.ring }) };
  }
  bell.awake();
  if (word.kind === "stop") output?.hurry();
});

let detector: DetectorOnDevice | undefined;
try {
  const begunSeconds = monotonicSeconds();
  detector = await createDetector(start.spec);
  // The model is loaded while the source opens; what it wants to know of the stream it is told after that.
  const loadedSeconds = monotonicSeconds();
  while (stream === undefined && !board.stopped) await bell.sleepUnless(() => stream !== undefined || board.stopped);
  if (stream !== undefined && !board.stopped) {
    const { ring, info } = stream;
    const openedSeconds = monotonicSeconds();
    await detector.open?.(info);
    const loadSeconds = loadedSeconds - begunSeconds + (monotonicSeconds() - openedSeconds);
    say({ kind: "ready", loadSeconds });
    const sayDevice = deviceTeller(detector);
    sayDevice();
    if (start.output !== undefined) output = new VideoOutput(start.output, info);
    const sayAll = (word: DetectorWord): void => {
      sayDevice();
      say(word);
    };
    const parts = { board, ring, bell, info, say: sayAll, ...(output === undefined ? {} : { output }) };
    await new DetectorLoop(detector, { settings: start.settings, parts }).run();
    if (board.stopped) output?.hurry();
    await output?.finish();
  }
} catch (error) {
  say({ kind: "failed", failure: failureOf(error, "DETECTOR_FAILED") });
  output?.abandon();
}
try {
  await detector?.close?.();
} catch (error) {
  say({ kind: "failed", failure: failureOf(error, "DETECTOR_FAILED") });
}
say({ kind: "finished" });
start.bell.close();
main.close();

/** Tells the device at the first call, and again whenever the detector has fallen back since: a GPU may be lost in the middle. */
function deviceTeller(of: DetectorOnDevice): () => void {
  let told = -1;
  return () => {
    const { device, fallbacks = [] } = of;
    if (fallbacks.length === told) return;
    const fresh = fallbacks.slice(Math.max(0, told)).map(({ from, to }) => ({ from, to }));
    told = fallbacks.length;
    say({ kind: "device", fallbacks: fresh, ...(device === undefined ? {} : { device }) });
  };
}
