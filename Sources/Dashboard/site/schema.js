// The dimensions that the chosen site has values of, asked once a site.

import { query } from "./api.js";
import * as state from "./state.js";

let site = "";
let known = null;
let under = null;
const listeners = new Set();

/** The schema's answer, or `null` while it is not there. */
export const now = () => known;

/** When events of the site begin and end, in milliseconds; `null` where there are none. */
export function extent() {
  const time = known?.dimensions.find((one) => one.name === "time");
  return time ? [Date.parse(time.first), Date.parse(time.last)] : null;
}

/** The schema of the chosen site; asked for after what can be shown without it. */
export function load() {
  const wanted = state.get("site", "default");
  if (wanted !== site || !under) {
    site = wanted;
    known = null;
    under = query("schema", { site: wanted, range: "all" }, { isLate: true }).then((answer) => {
      if (wanted === site) {
        known = answer;
        for (const listener of listeners) listener();
      }
      return answer;
    }, () => { under = null; });
  }
  return under;
}

export function onLoad(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Follows the address. */
export function start() {
  state.onChange(() => {
    if (state.get("site", "default") !== site && site) load();
  });
}

// Properties come into being while one looks.
setInterval(() => {
  if (!document.hidden && under) {
    under = null;
    load();
  }
}, 300_000);
