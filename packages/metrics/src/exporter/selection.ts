import type { Clock } from "../core/clock.ts";
import type { Collectable } from "./collectable.ts";
import { type EncoderOf, Scrapes } from "./scrapes.ts";

/** What a scrape's `collect[]` and `exclude[]` name: collectors, as node_exporter has them. One of the lists is not empty. */
export interface Selection {
  readonly collect: readonly string[];
  readonly exclude: readonly string[];
}

/** What a query selects; undefined: it has neither `collect[]` nor `exclude[]`. */
export function selectionOf(query: URLSearchParams): Selection | undefined {
  const selection = { collect: query.getAll("collect[]"), exclude: query.getAll("exclude[]") };
  return selection.collect.length === 0 && selection.exclude.length === 0 ? undefined : selection;
}

/** Makes what answers a selection's scrapes; the same for the same Collectable, as long as somebody holds that. */
export function selectedScrapes(
  select: (selection: Selection) => Collectable,
  options: { readonly encoderOf: EncoderOf; readonly clock: Clock },
): (selection: Selection) => Scrapes {
  const known = new WeakMap<Collectable, Scrapes>();
  return (selection) => {
    const collectable = select(selection);
    let scrapes = known.get(collectable);
    if (scrapes === undefined) {
      scrapes = new Scrapes(collectable, options);
      known.set(collectable, scrapes);
    }
    return scrapes;
  };
}
