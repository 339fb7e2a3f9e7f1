/** What Redis tells of a stream, in one instant. */
export interface StreamTally {
  /** Entries ever added. */
  readonly added: number;
  /** Entries that are still there. */
  readonly length: number;
  /** "" for an empty stream. */
  readonly firstId: string;
  readonly lastId: string;
  /** Other consumers of the group that were at work since this one came. */
  readonly others: number;
}

/** Order of two entry ids ("1700000000000-0"): below 0, 0, above 0. */
export function compareIds(a: string, b: string): number {
  const [aTime = "0", aCount = "0"] = a.split("-");
  const [bTime = "0", bCount = "0"] = b.split("-");
  return Number(aTime) - Number(bTime) || Number(aCount) - Number(bCount);
}

/**
 * Counts the entries of a stream that passed unseen. The group's own `entries-read` and `lag` cannot tell: Redis 7.0 adds one to `entries-read`
 * for each entry it delivers, whatever was trimmed before it. But an entry's number can be had from the stream's `entries-added`: the newest
 * has that number, the oldest one still there has it less the length, and one follows the one before it while that is still there. Where none of these holds
 * nothing is lost: the count is kept since the start, and comes right with the next entry whose number is known.
 */
export class StreamLedger {
  #base: number | undefined;
  #taken = 0;
  #told = 0;
  #added = 0;
  #last: { readonly id: string; readonly number: number } | undefined;
  #lag: number | undefined;

  /** Everything up to now is of no concern. */
  begin({ added, length }: StreamTally, from: "oldest" | "new"): void {
    this.#base = from === "oldest" ? added - length : added;
    this.#taken = this.#told = 0;
    this.#added = added;
  }

  /** An entry was had of which no more is known. */
  had(): void {
    this.#taken++;
    this.#last = undefined;
  }

  /** After entry `id` was had; the tally was taken after that. Returns how many more are known to have passed unseen. */
  take(id: string, tally: StreamTally): number {
    if (tally.added < this.#added) this.#base = this.#last = undefined; // Redis came back without its data
    this.#added = tally.added;
    this.#taken++;
    const number = numberOf(id, tally, this.#last);
    this.#last = number === undefined ? undefined : { id, number };
    this.#lag = number === undefined ? undefined : tally.added - number;
    if (number === undefined) return 0;
    if (this.#base === undefined) {
      this.#base = number - 1;
      this.#taken = 1;
      this.#told = 0;
    }
    const missed = Math.max(this.#told, number - this.#base - this.#taken);
    const fresh = missed - this.#told;
    this.#told = missed;
    return fresh;
  }

  /** Entries not yet had, where that is known. */
  get lag(): number | undefined {
    return this.#lag;
  }
}

function numberOf(
  id: string,
  { added, length, firstId, lastId }: StreamTally,
  last?: { readonly id: string; readonly number: number },
): number | undefined {
  if (id === lastId) return added;
  if (length === 0) return undefined;
  if (id === firstId) return added - length + 1;
  // Trimmed meanwhile: all before the oldest are gone, had or not.
  if (compareIds(id, firstId) < 0) return added - length;
  // The one before is still there, so nothing between the two was trimmed.
  return last !== undefined && compareIds(firstId, last.id) <= 0 ? last.number + 1 : undefined;
}
