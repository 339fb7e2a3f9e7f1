/** ` Did you mean "--port"?`, or nothing where no name is near. */
export function didYouMean(typed: string, names: readonly string[], prefix = ""): string {
  const found = nearest(typed, names);
  return found === undefined ? "" : ` Did you mean "${prefix}${found}"?`;
}

/** The name that was probably meant: a few typing errors away, or one that begins so. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const wanted = typed.toLowerCase();
  const beginning = names.filter((name) => wanted.length >= 2 && name.startsWith(wanted));
  if (beginning.length === 1) return beginning[0];
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    const errors = typingErrors(wanted, name);
    if (errors < least) [best, least] = [name, errors];
  }
  return best;
}

/** Letters put in, left out, exchanged, or swapped with their neighbour (optimal string alignment). */
function typingErrors(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let errors = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) errors = Math.min(errors, rows[i - 2]![j - 2]! + 1);
      row.push(errors);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}
