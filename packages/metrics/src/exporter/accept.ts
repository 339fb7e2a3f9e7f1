/** A thing that can be sent: its media type and the parameters that tell its kinds apart. */
export interface Offer {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
  /** Place in the header. */
  readonly place: number;
}

interface Match {
  readonly quality: number;
  readonly specificity: number;
  readonly place: number;
}

/**
 * The offer that an Accept header likes best (RFC 9110, 12.5.1): for each offer the most specific range counts, `q=0` forbids; then the
 * highest q wins, then the more specific range, then the header's order, then the order of the offers. The first offer where the header is
 * missing or likes none: a scraper that gets something it can read is better off than one that gets a 406.
 */
export function bestOffer<O extends Offer>(offers: readonly [O, ...O[]], accept: string | undefined): O {
  const ranges = accept === undefined ? [] : mediaRanges(accept);
  let best: O = offers[0];
  let found: Match | undefined;
  for (const offer of offers) {
    const match = matchOf(offer, ranges);
    if (match === undefined || match.quality === 0 || (found !== undefined && !isBetter(match, found))) continue;
    best = offer;
    found = match;
  }
  return best;
}

/** Whether an answer may be compressed with gzip: named or covered by `*`, not forbidden, and not liked less than plain bytes. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  const qualities = new Map(mediaRanges(acceptEncoding).map((range) => [range.type, range.quality]));
  const gzip = qualities.get("gzip") ?? qualities.get("x-gzip") ?? qualities.get("*") ?? 0;
  return gzip > 0 && gzip >= (qualities.get("identity") ?? 0);
}

function matchOf(offer: Offer, ranges: readonly MediaRange[]): Match | undefined {
  let match: Match | undefined;
  for (const range of ranges) {
    const specificity = specificityFor(offer, range);
    if (specificity === undefined || (match !== undefined && specificity <= match.specificity)) continue;
    match = { quality: range.quality, specificity, place: range.place };
  }
  return match;
}

/** 0 for any type, 1 for any subtype, 2 for the type, one more for each parameter; undefined where the range does not cover the offer. */
function specificityFor(offer: Offer, range: MediaRange): number | undefined {
  if (range.type === "*/*") return 0;
  if (range.type.endsWith("/*")) return offer.type.startsWith(range.type.slice(0, -1)) ? 1 : undefined;
  if (range.type !== offer.type) return undefined;
  let specificity = 2;
  for (const [name, value] of Object.entries(offer.parameters)) {
    const asked = range.parameters.get(name);
    if (asked === undefined) continue;
    if (asked !== value.toLowerCase()) return undefined;
    specificity++;
  }
  // Other parameters (charset, and Prometheus 3's escaping) choose nothing here: our names need no escaping.
  return specificity;
}

function isBetter(a: Match, b: Match): boolean {
  if (a.quality !== b.quality) return a.quality > b.quality;
  if (a.specificity !== b.specificity) return a.specificity > b.specificity;
  return a.place < b.place;
}

/** The header's list. What is malformed is left out: a header that we half understand is still half a wish. */
function mediaRanges(header: string): MediaRange[] {
  const ranges: MediaRange[] = [];
  for (const element of split(header, ",")) {
    const [type, ...pairs] = split(element, ";");
    if (type === undefined || type === "") continue;
    const parameters = new Map<string, string>();
    for (const pair of pairs) {
      const equals = pair.indexOf("=");
      if (equals > 0) parameters.set(pair.slice(0, equals).trim().toLowerCase(), unquoted(pair.slice(equals + 1).trim()).toLowerCase());
    }
    const quality = qualityOf(parameters.get("q"));
    if (quality !== undefined) ranges.push({ type: type.toLowerCase(), parameters, quality, place: ranges.length });
  }
  return ranges;
}

function qualityOf(text: string | undefined): number | undefined {
  if (text === undefined) return 1;
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : undefined;
}

/** The parts between separators that do not stand inside quotes, trimmed. One pass. */
function split(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted && c === "\\") i++;
    else if (c === '"') quoted = !quoted;
    else if (c === separator && !quoted) {
      parts.push(text.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(text.slice(start).trim());
  return parts;
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, "$1") : value;
}
