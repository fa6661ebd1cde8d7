// What a panel shows, as a file or as a call of the API.

import { curl } from "./api.js";
import { download } from "./dom.js";
import * as state from "./state.js";

function cell(value) {
  if (value === null || value === undefined) return "";
  // A spreadsheet would run a text that begins like a formula.
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? "'" + value : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as RFC 4180 has it. */
export const csv = ({ head, rows }) => [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";

const fileName = (title, type) => {
  const name = `${state.get("site", "default")}-${title}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
  return `weir-${name}-${new Date().toISOString().slice(0, 10)}.${type}`;
};

export const downloadCSV = (title, table) => download(fileName(title, "csv"), "text/csv;charset=utf-8", csv(table));
export const downloadJSON = (title, answer) =>
  download(fileName(title, "json"), "application/json", JSON.stringify(answer, null, 2) + "\n");

/** Puts text on the clipboard, in pages without that right as well. */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const box = document.createElement("textarea");
    box.value = text;
    box.className = "spoken";
    document.body.append(box);
    box.select();
    const done = document.execCommand("copy");
    box.remove();
    return done;
  }
}

export const copyCall = (kind, body) => copy(curl(kind, body));
