import { clientTitles } from "./clients.mjs";
import { median } from "./rounds.mjs";

/** Three digits, and no more than the measure deserves. */
export function number(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 100) return Math.round(value).toLocaleString("en-US").replaceAll(",", " ");
  return size >= 10 ? value.toFixed(1) : size >= 0.1 ? value.toFixed(2) : value.toPrecision(2);
}

const times = (value) => `${number(value)}x`;

/**
 * A table of all clients, with our ratio to the reference (of the medians; in brackets the smallest and largest of the rounds),
 * the target, and whether it is met. A rival that beats us is named.
 */
export function rivalTable({ rows, clients, results, reference }) {
  const titles = clientTitles();
  const head = ["case", ...clients.map((client) => titles[client]), `${titles[reference].split(" ")[0]} : ours`, "target", "verdict"];
  const body = rows.map((row) => {
    const byClient = results.get(row.id);
    const at = (client) => (byClient.has(client) ? median(byClient.get(client)) : undefined);
    const ours = at("inferometer");
    const ratios = ratiosOf(byClient.get(reference), byClient.get("inferometer"));
    return [
      row.id,
      ...clients.map((client) => (at(client) === undefined ? "–" : number(at(client)))),
      ratios.length === 0 || !ratios.every(Number.isFinite)
        ? "–"
        : `${times(at(reference) / ours)} (${number(Math.min(...ratios))}–${number(Math.max(...ratios))})`,
      targetOf(row),
      verdict({ row, at, clients, reference }),
    ];
  });
  return [head, ...body];
}

const ratiosOf = (theirs = [], ours = []) => (ours.length === 0 ? [] : theirs.map((value, k) => value / ours[k % ours.length]));

function targetOf({ target, ofFloor, most }) {
  const parts = [];
  if (target !== undefined) parts.push(`${target}x`);
  if (ofFloor !== undefined) parts.push(`at most ${ofFloor} of floor`);
  if (most !== undefined) parts.push(`at most ${most}`);
  return parts.join(", ") || "–";
}

function verdict({ row, at, clients, reference }) {
  const ours = at("inferometer");
  if (ours === undefined) return "not measured";
  const judged = [];
  if (row.target !== undefined) judged.push(at(reference) / ours >= row.target ? "ok" : "below");
  if (row.ofFloor !== undefined) judged.push(ours <= row.ofFloor * at("floor") ? "ok" : `below (${number(ours / at("floor"))} of floor)`);
  if (row.most !== undefined) judged.push(ours <= row.most ? "ok" : "below");
  const better = clients.filter((client) => client !== "floor" && client !== "inferometer" && at(client) < ours);
  const said = judged.every((word) => word === "ok") ? judged.slice(0, 1) : judged.filter((word) => word !== "ok");
  return [...said, ...better.map((client) => `beaten by ${client} (${times(ours / at(client))})`)].join(", ") || "–";
}

/** As Markdown that also reads well in a terminal. */
export function markdown(table) {
  const widths = table[0].map((_, k) => Math.max(...table.map((row) => row[k].length)));
  const line = (row) => `| ${row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join(" | ")} |`;
  const rule = `|${widths.map((width, k) => (k === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(table[0]), rule, ...table.slice(1).map(line)].join("\n");
}
