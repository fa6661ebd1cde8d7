// One live stream tells that something has changed; the panels in sight then ask again, and only they.

import * as state from "./state.js";
import { resolve, zone } from "./ranges.js";
import { watch } from "./stream.js";

let close = () => {};
let watched = "";
let version = 0;
let paused = false;
let status = "connecting";
let latest = null;
const listeners = new Set();
/** Called when there is an answer, or another state. */
let expecting = [];

/** What the stream tells. */
export const WATCHED = ["visitors", "pageviews", "events"];

/** The number of the last change; a panel that has it has nothing to ask. */
export const current = () => version;
export const connection = () => status;
export const totals = () => latest;

/** The stream's newest answer, or its first one when that comes; `null` where it watches something else, or nothing. */
export async function answerTo(body) {
  const key = JSON.stringify(body);
  while (key === watched && !latest && status === "connecting") await new Promise((done) => expecting.push(done));
  return key === watched && (status === "live" || status === "connecting") ? latest : null;
}

/** What every question about the chosen site, range and filters begins with. */
export function scope(more = {}) {
  const where = state.filters().map(({ dim, op, values }) => ({ dim, op, values }));
  return {
    site: state.get("site", "default"), range: resolve().range, timezone: zone(), ...(where.length ? { where } : {}), ...more,
  };
}

/** Waits for the stream's first answer, for so many milliseconds at most. */
export async function begun(milliseconds) {
  if (latest || status !== "connecting" || !watched) return;
  await Promise.race([new Promise((done) => expecting.push(done)), new Promise((done) => setTimeout(done, milliseconds))]);
}

/** Calls `listener` with "data" after events have come, "status" when the connection has changed. */
export function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(what) {
  const list = expecting;
  expecting = [];
  for (const done of list) done();
  for (const listener of listeners) listener(what);
}

function setStatus(next, error) {
  if (next === status && !error) return;
  status = next;
  tell("status");
}

/** Watches what the address names; a no-op while that is what is watched. */
export function follow() {
  if (paused || document.hidden) return;
  const body = scope({ metrics: WATCHED });
  const key = JSON.stringify(body);
  if (key === watched) return;
  close();
  watched = key;
  latest = null;
  setStatus("connecting");
  let first = true;
  close = watch("aggregate", body, {
    onanswer(answer) {
      latest = answer;
      // The first answer of a new question says nothing new to panels that ask at the same time.
      if (!first) version += 1;
      first = false;
      tell("data");
    },
    onstate(next, error) {
      // After a break anything may have happened.
      if (next === "lost") first = false;
      setStatus(next, error);
    },
  });
}

function stop() {
  close();
  close = () => {};
  watched = "";
  tell("status");
}

export const isPaused = () => paused;

/** Stops asking, or begins again. */
export function pause(wanted) {
  paused = wanted;
  if (paused) {
    stop();
    setStatus("paused");
  } else {
    refresh();
  }
}

/** Has everything in sight asked anew. */
export function refresh() {
  version += 1;
  follow();
  tell("data");
}

// A page that nobody sees asks nothing; when it is seen again it catches up.
document.addEventListener("visibilitychange", () => {
  if (paused) return;
  if (document.hidden) stop();
  else refresh();
});

// What "today" means changes at midnight.
setInterval(follow, 30_000);
