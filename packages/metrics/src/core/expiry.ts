import type { Child, Family } from "./family.ts";

const wrapped = new WeakSet<Child>();

/**
 * The handle of a label set. Where the family's series expire, the handle notes each use, and brings its series back when that had expired:
 * its recording methods are wrapped, so that families without expiry pay nothing for those that have it.
 */
export function expiring<C extends Child>(family: Family<C>, labels: object, methods: readonly (keyof C)[]): C {
  const row = family.rowOf(labels);
  const child = family.childAt(row);
  if (family.definition.expireAfterMs === undefined || wrapped.has(child)) return child;
  wrapped.add(child);
  const own = row === family.overflowRow ? undefined : { ...labels }; // the overflow series' handle has no label set of its own
  for (const method of methods) {
    const plain = child[method] as (...values: unknown[]) => unknown;
    Object.defineProperty(child, method, {
      value: (...values: unknown[]) => {
        const used = family.touch(child, own);
        if (used === child) return plain.apply(child, values);
        return (used[method] as typeof plain)(...values);
      },
    });
  }
  return child;
}
