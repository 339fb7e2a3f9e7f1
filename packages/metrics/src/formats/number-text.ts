/** A sample's value as both text formats write it: the shortest digits that read back as the same number, NaN, +Inf or -Inf. */
export function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0" : `${value}`;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}

/**
 * A bucket's bound or a quantile as text 0.0.4 writes it: Go's %g, so that one bound is one series whatever client wrote it. Go turns to
 * exponents from 1e-05 down and from 1e+06 up, and gives an exponent two digits at least; JavaScript does so from 1e-7 and 1e+21.
 */
export function boundText(bound: number): string {
  if (!Number.isFinite(bound) || bound === 0) return numberText(bound);
  const magnitude = Math.abs(bound);
  if (magnitude >= 1e-4 && magnitude < 1e6) return `${bound}`;
  return bound.toExponential().replace(/([+-])(\d)$/, "$10$2");
}

/** A bucket's bound or a quantile as OpenMetrics wants it (its "canonical numbers"): Go's %g, and always visibly a float. */
export function canonicalText(bound: number): string {
  const text = boundText(bound);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A number as the text formats read it: decimal digits, `inf` or `infinity` with or without a sign, or `nan`; undefined for anything else. */
export function readNumber(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) {
    const value = Number(text);
    // Digits beyond the range of a double would silently become infinite.
    return Number.isFinite(value) ? value : undefined;
  }
  if (/^nan$/i.test(text)) return Number.NaN;
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return undefined;
}
