const WIRE_VARINT = 0;
const WIRE_DOUBLE = 1;
const WIRE_BYTES = 2;

const encoder = new TextEncoder();

/** Writes protocol buffers: fields in the order of the calls. https://protobuf.dev/programming-guides/encoding */
export class ProtobufWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What has been written, as a copy; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** A whole number from 0 to 2^53, in base 128. */
  varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.length++] = rest;
  }

  /** A field of type uint32, uint64 or enum. */
  uint(field: number, value: number): void {
    this.varint((field << 3) | WIRE_VARINT);
    this.varint(value);
  }

  /** A field of type int64; a negative one always takes ten bytes. */
  int(field: number, value: number): void {
    this.varint((field << 3) | WIRE_VARINT);
    if (value >= 0) return this.varint(value);
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest >= 0x80n; rest >>= 7n) this.#bytes[this.length++] = Number(rest & 0x7fn) | 0x80;
    this.#bytes[this.length++] = Number(rest);
  }

  /** A field of type sint32 or sint64. */
  sint(field: number, value: number): void {
    this.varint((field << 3) | WIRE_VARINT);
    this.varint(zigzag(value));
  }

  double(field: number, value: number): void {
    this.varint((field << 3) | WIRE_DOUBLE);
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  string(field: number, value: string): void {
    this.bytes(field, encoder.encode(value));
  }

  /** A field of type bytes, or a message that is already encoded. */
  bytes(field: number, bytes: Uint8Array): void {
    this.varint((field << 3) | WIRE_BYTES);
    this.varint(bytes.length);
    this.raw(bytes);
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /**
   * A message. It is written in place behind one byte for its length; a message of 128 bytes and more is then moved up by what its length
   * needs beyond that.
   */
  message(field: number, write: () => void): void {
    this.varint((field << 3) | WIRE_BYTES);
    this.#reserve(1);
    const start = ++this.length;
    write();
    const size = this.length - start;
    const extra = varintLength(size) - 1;
    if (extra > 0) {
      this.#reserve(extra);
      this.#bytes.copyWithin(start + extra, start, this.length);
    }
    this.length = start - 1;
    this.varint(size);
    this.length += size;
  }

  /** A packed field of doubles. */
  doubles(field: number, values: readonly number[]): void {
    this.varint((field << 3) | WIRE_BYTES);
    this.varint(values.length * 8);
    this.#reserve(values.length * 8);
    for (const value of values) {
      this.#view.setFloat64(this.length, value, true);
      this.length += 8;
    }
  }

  /** A packed field of sint64. */
  sints(field: number, values: readonly number[]): void {
    this.message(field, () => {
      for (const value of values) this.varint(zigzag(value));
    });
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + more));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Bytes that a varint takes. */
export function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : value * -2 - 1);
