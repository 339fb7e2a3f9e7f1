import type { FamilySnapshot, Snapshot } from "../core/snapshot.ts";
import { CHUNK_LENGTH, type EncodeOptions, type Format, joined } from "./format.ts";

/** How one family is written: what comes before its rows, each row, what comes after. */
export interface FamilyText {
  readonly head: string;
  row(row: number): string;
  readonly tail: string;
}

/** How a snapshot is written as text. */
export interface TextWriter {
  readonly begin: string;
  /** `index` is the family's place in the snapshot. */
  family(family: FamilySnapshot, index: number): FamilyText;
  readonly end: string;
}

type WriterOf = (snapshot: Snapshot, options: EncodeOptions) => TextWriter;

/** The text in pieces of about CHUNK_LENGTH characters, cut between rows only, so that no character is ever cut in two. */
function* pieces(snapshot: Snapshot, writer: TextWriter): Generator<string> {
  let text = writer.begin;
  let index = 0;
  for (const family of snapshot.families) {
    const written = writer.family(family, index++);
    text += written.head;
    for (let row = 0; row < family.length; row++) {
      text += written.row(row);
      if (text.length >= CHUNK_LENGTH) {
        yield text;
        text = "";
      }
    }
    text += written.tail;
  }
  text += writer.end;
  if (text !== "") yield text;
}

/** The whole text as a string. */
export function textOf(snapshot: Snapshot, writer: TextWriter): string {
  let text = "";
  for (const piece of pieces(snapshot, writer)) text += piece;
  return text;
}

/** A format that is UTF-8 text. */
export function textFormat(name: Format["name"], contentType: string, writerOf: WriterOf): Format {
  function* stream(snapshot: Snapshot, options: EncodeOptions = {}): Generator<Uint8Array> {
    const encoder = new TextEncoder();
    for (const piece of pieces(snapshot, writerOf(snapshot, options))) yield encoder.encode(piece);
  }
  return { name, contentType, stream, encode: (snapshot, options = {}) => joined(stream(snapshot, options)) };
}
