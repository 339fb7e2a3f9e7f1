const WIRE_VARINT = 0;
const WIRE_DOUBLE = 1;
const WIRE_BYTES = 2;

const encoder = new TextEncoder();

/** Writes protocol buffers, fields in the order of the calls: https://protobuf.dev/programming-guides/encoding */
export class ProtobufWriter {
  #bytes: Uint8Array;
  #view: DataView;
  length = 0;

  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** A copy of what has been written; the writer is empty afterwards. */
  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  /** A whole number from 0 to 2^53, seven bits a byte. */
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

  /** A field of type int64; a negative one always takes ten bytes. What is beyond 2^53 becomes 2^53. */
  int(field: number, value: number): void {
    this.varint((field << 3) | WIRE_VARINT);
    if (value >= 0) {
      this.varint(Math.min(value, Number.MAX_SAFE_INTEGER));
      return;
    }
    this.#reserve(10);
    let rest = BigInt.asUintN(64, BigInt(Math.max(value, Number.MIN_SAFE_INTEGER)));
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
    this.#float64(value);
  }

  string(field: number, value: string): void {
    this.varint((field << 3) | WIRE_BYTES);
    // Most labels are short and ASCII: copied here, they take a fifth of what a call to the encoder takes.
    if (value.length < 0x80 && this.#ascii(value)) return;
    const bytes = encoder.encode(value);
    this.varint(bytes.length);
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** Begins a message; what is written until `end` is in it. The return value is for `end`. */
  begin(field: number): number {
    this.varint((field << 3) | WIRE_BYTES);
    this.#reserve(1);
    return ++this.length;
  }

  /** Ends a message. One byte was left for its length; if it needs more, the message is moved up. */
  end(start: number): void {
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
    for (const value of values) this.#float64(value);
  }

  /** A packed field of sint64. */
  sints(field: number, values: readonly number[]): void {
    const start = this.begin(field);
    for (const value of values) this.varint(zigzag(value));
    this.end(start);
  }

  #float64(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Writes length and text; or nothing, and returns false, where the text is not ASCII. */
  #ascii(value: string): boolean {
    this.#reserve(value.length + 1);
    let at = this.length;
    this.#bytes[at++] = value.length;
    for (let k = 0; k < value.length; k++) {
      const code = value.charCodeAt(k);
      if (code >= 0x80) return false;
      this.#bytes[at++] = code;
    }
    this.length = at;
    return true;
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
function varintLength(value: number): number {
  let length = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++;
  return length;
}

const zigzag = (value: number): number => (value >= 0 ? value * 2 : value * -2 - 1);
