// The little of WebAssembly's binary format (webassembly.github.io/spec/core/binary) that a loop over planes of floats needs. An instruction is the
// bytes of its arguments, then its own; functions here nest as expressions do.

export type Code = readonly number[];

/** Unsigned LEB128. */
export function leb(value: number): Code {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest & 127) | 128);
  }
}

const signed = (value: number): Code => {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>= 7) {
    if (rest >= -64 && rest < 64) return [...bytes, rest & 127];
    bytes.push((rest & 127) | 128);
  }
};
type Operation = (...operands: readonly Code[]) => Code;

const I32_CODES = { add: 0x6a, sub: 0x6b, or: 0x72, shiftLeft: 0x74, shiftRight: 0x76, atLeast: 0x4f } as const;
/** On integers. */
export const i32: Readonly<Record<keyof typeof I32_CODES, Operation>> = operations(I32_CODES, []);

const V128_CODES = {
  splat: 0x13,
  fromIntegers: 0xfb,
  add: 0xe4,
  sub: 0xe5,
  mul: 0xe6,
  div: 0xe7,
  min: 0xe8,
  max: 0xe9,
  lessThan: 0x43,
  greaterThan: 0x44,
  not: 0x4d,
  and: 0x4e,
  choose: 0x52,
  anyTrue: 0x53,
  bits: 0xa4,
} as const;
/**
 * On four floats at a time. Comparisons give all bits of a lane or none; `choose` takes the bits of the first where the third has them, else of the
 * second; `bits` makes an integer of the lanes' highest bits.
 */
export const v128: Readonly<Record<keyof typeof V128_CODES, Operation>> = operations(V128_CODES, [0xfd]);

function operations<Name extends string>(codes: Readonly<Record<Name, number>>, prefix: Code): Record<Name, Operation> {
  const made = Object.entries<number>(codes).map(([name, code]) => {
    const own = prefix.length === 0 ? [code] : [...prefix, ...leb(code)];
    return [name, (...operands: readonly Code[]): Code => [...operands.flat(), ...own]];
  });
  return Object.fromEntries(made) as Record<Name, Operation>;
}

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];
export const integer = (value: number): Code => [0x41, ...signed(value)];
export const float = (value: number): Code => [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
export const storeInteger = (address: Code, value: Code): Code => [...address, ...value, 0x36, 2, 0];
export const zeros: Code = [0xfd, 12, ...new Array<number>(16).fill(0)];
export const load = (address: Code, offset: number): Code => [...address, 0xfd, 0, 0, ...leb(offset)];
export const store = (address: Code, { offset, value }: { readonly offset: number; readonly value: Code }): Code => [
  ...address,
  ...value,
  0xfd,
  11,
  0,
  ...leb(offset),
];
/** The 16 bytes of a vector moved: 0 to 15 name one of them, 16 a zero. */
export const shuffled = (bytes: Code, lanes: readonly number[]): Code => [...bytes, ...zeros, 0xfd, 13, ...lanes];

/** Repeats `body` until `done` is not 0. */
export const repeatUntil = (done: Code, body: Code): Code => [0x02, 0x40, 0x03, 0x40, ...done, 0x0d, 1, ...body, 0x0c, 0, 0x0b, 0x0b];
export const when = (condition: Code, then: Code, otherwise: Code = []): Code => [
  ...condition,
  0x04,
  0x40,
  ...then,
  ...(otherwise.length === 0 ? [] : [0x05, ...otherwise]),
  0x0b,
];

export const I32 = 0x7f;
export const F32 = 0x7d;
export const V128 = 0x7b;

/** A module that exports `memory`, of so many bytes, and `run`, a function of floats that answers an integer. */
export function moduleOf(
  body: Code,
  {
    floats,
    locals,
    bytes,
  }: { readonly floats: number; readonly locals: readonly (readonly [count: number, type: number])[]; readonly bytes: number },
): Uint8Array<ArrayBuffer> {
  const section = (id: number, content: Code): Code => [id, ...leb(content.length), ...content];
  const name = (text: string): Code => [text.length, ...new TextEncoder().encode(text)];
  const declared = [...leb(locals.length), ...locals.flatMap(([count, type]) => [...leb(count), type])];
  const code = [...declared, ...body, 0x0b];
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, floats, ...new Array<number>(floats).fill(F32), 1, I32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(Math.ceil(bytes / 65_536))]),
    ...section(7, [2, ...name("memory"), 2, 0, ...name("run"), 0, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ]);
}
