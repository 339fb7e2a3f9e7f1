import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createSource, type SourceSpec } from "../sources/index.ts";
import { Bell } from "./bell.ts";
import { Board } from "./board.ts";
import { failureOf } from "./failure.ts";
import { Reader, type ReaderSettings } from "./reader.ts";
import type { MainWord, ReaderWord } from "./words.ts";

/** What the thread is started with. */
export interface ReaderStart {
  readonly spec: SourceSpec;
  readonly settings: ReaderSettings;
  readonly board: SharedArrayBuffer;
  /** Leads to the detector's thread. */
  readonly bell: MessagePort;
}

const start = workerData as ReaderStart;
const main = parentPort!;
const say = (word: ReaderWord): void => main.postMessage(word);

const board = new Board(start.board);
const bell = new Bell(start.bell, { board, own: "reader", other: "detector" });
start.bell.on("message", () => bell.awake());

try {
  const source = createSource(start.spec);
  say({ kind: "named", name: source.name, live: source.live });
  const reader = new Reader(source, {
    settings: start.settings,
    parts: {
      board,
      bell,
      onOpen: ({ frames, ...info }, ring) => say({ kind: "opened", info, ring: ring.buffer, ...(frames === undefined ? {} : { frames }) }),
      onEvent: (event) => say({ kind: "event", event }),
    },
  });
  main.on("message", (word: MainWord) => {
    if (word.kind === "stop") reader.stop();
    else if (word.kind === "wake") bell.awake();
  });
  if (board.stopped) reader.stop();
  await reader.run();
} catch (error) {
  say({ kind: "failed", failure: failureOf(error, "SOURCE_LOST") });
}
say({ kind: "finished" });
// With its ports closed, nothing but a source that did not clean up keeps the thread alive.
start.bell.close();
main.close();
