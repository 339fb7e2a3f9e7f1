/** Pixels of a letter at scale 1, without the gap to the next one; two of the rows lie below the line. */
export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 9;

// ASCII 32 to 126. A letter is its rows from the top, each a digit to the base of 32: five pixels, the left one first. Missing rows are empty.
const GLYPHS: readonly string[] = [
  "0 4444404 aaa aavavaa 4fke5u4 op248j3 cik8lid 448 2488842 8422248 04lel4 044v44 00000c48 000v 00000cc 01248g",
  "ehjlphe 4c4444e eh1248v v2421he 26aiv22 vgu11he 68guhhe v124888 ehhehhe ehhf12c 0cc0cc 0cc0c48 248g842 00v0v 8421248 eh12404",
  "eh1dlle ehhhvhh uhhuhhu ehggghe sihhhis vgguggv vgguggg ehgnhhf hhhvhhh e44444e 72222ic hikokih ggggggv hrllhhh hhpljhh ehhhhhe",
  "uhhuggg ehhhlid uhhukih fgge11u v444444 hhhhhhe hhhhha4 hhhllla hha4ahh hhha444 v1248gv e88888e 0g8421 e22222e 4ah 000000v",
  "842 00e1fhf ggmphhu 00egghe 11djhhf 00ehvge 698s888 00fhhf11e ggmphhh 40c444e 2062222ic ggikoki c44444e 00qllhh 00mphhh",
  "00ehhhe 00uhhuggg 00fhhf111 00mpggg 00ege1u 88s8896 00hhhjd 00hhha4 00hhlla 00ha4ah 00hhhf11e 00v248v 2448442 4444444 8442448 008l2",
].flatMap((line) => line.split(" "));
const FIRST_CODE = 32;
/** Stands for what the font does not have: an empty box. */
const UNKNOWN = "vhhhhhv";

/** The rows of a letter: bit 4 is the left pixel. Accents are left out: "é" is drawn as "e". */
export function glyphRows(letter: string): Uint8Array {
  const plain = letter.normalize("NFD");
  const glyph = GLYPHS[plain.charCodeAt(0) - FIRST_CODE] ?? UNKNOWN;
  return Uint8Array.from({ length: GLYPH_HEIGHT }, (_, row) => Number.parseInt(glyph[row] ?? "0", 32));
}

/** The letters that the font can draw, in order. */
export const FONT_LETTERS: string = String.fromCharCode(...GLYPHS.map((_, at) => FIRST_CODE + at));
