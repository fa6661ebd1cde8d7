// The server's API: queries, a few at a time, with the reader's key where the server asks for one.

import * as state from "./state.js";

const KEY = "weir.key";
const MOST = 4;
/** Questions that wait, each kind in the order in which they came. */
const urgent = [];
const waiting = [];
const later = [];
let running = 0;
let held = 0;
let asking = null;
let isDeclined = false;
let askForKey = async () => null;

/** What went wrong, in the server's words. */
export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The server answered ${status}.`);
    this.status = status;
    this.code = problem?.code ?? "";
    this.field = problem?.field ?? "";
  }
}

/** Who is asked for a key when the server wants one: returns it, or `null`. */
export function onKeyNeeded(ask) {
  askForKey = ask;
}

let unstored = null;

function stored() {
  try {
    return unstored ?? sessionStorage.getItem(KEY);
  } catch {
    return unstored;
  }
}

function keep(key) {
  try {
    sessionStorage.setItem(KEY, key);
  } catch {
    // A browser without a store asks again for each page.
    unstored = key;
  }
}

export const authorization = () => {
  const key = stored();
  return key ? { Authorization: `Bearer ${key}` } : {};
};

/** Asks for a key once, however many requests want one, and not again where the reader has none. */
async function renewKey(refused) {
  if (stored() !== refused) return true;
  if (isDeclined) return false;
  asking ??= askForKey(refused !== null).finally(() => { asking = null; });
  const key = await asking;
  if (key) keep(key);
  else isDeclined = true;
  return Boolean(key);
}

/** `fetch` with the key; asks for another one where the server refuses it. */
export async function call(path, options = {}) {
  const site = state.get("site", "default");
  for (;;) {
    const used = stored();
    const answer = await fetch(path, { ...options, headers: { ...options.headers, ...authorization() } });
    if (answer.status !== 401 && answer.status !== 403) return answer;
    const problem = await answer.json().catch(() => null);
    // A good key of another scope is told from what no key may do.
    const wantsKey = answer.status === 401 || problem?.code === "wrong_scope";
    // With a key for another site this question is not asked any more.
    if (!wantsKey || !(await renewKey(used)) || state.get("site", "default") !== site) throw new ApiError(answer.status, problem);
  }
}

/**
 * Asks a query; a newer one of the same panel takes back an older one by `signal`. An urgent one (`isUrgent`) goes before those
 * that only renew an answer; a late one (`isLate`), which is known to be dear, begins when nothing else is asked, so
 * that it keeps nobody waiting.
 */
export function query(kind, body, { signal, isUrgent = false, isLate = false } = {}) {
  return new Promise((resolve, reject) => {
    const task = { kind, body, signal, resolve, reject };
    if (isLate) {
      // Whatever comes up with it in the same frame is asked first.
      setTimeout(() => {
        later.push(task);
        next();
      }, 60);
      return;
    }
    (isUrgent ? urgent : waiting).push(task);
    next();
  });
}

/** No late question begins until what is returned is called: others are about to be asked. */
export function hold() {
  held += 1;
  return () => {
    held -= 1;
    next();
  };
}

function next() {
  while ((running < MOST && urgent.length + waiting.length) || (running === 0 && held === 0 && later.length)) {
    const task = urgent.shift() ?? waiting.shift() ?? later.shift();
    if (task.signal?.aborted) {
      task.reject(task.signal.reason);
      continue;
    }
    running += 1;
    ask(task).then(task.resolve, task.reject).finally(() => {
      running -= 1;
      next();
    });
  }
}

/** The answer about a period that is over is kept for a minute, or this many times as long as it took. */
const WORTH = 100;
const past = new Map();

/** Asks about a period that is over, but not again and again: only late events still come into it. */
export async function queryPast(kind, body, options) {
  const key = JSON.stringify([kind, body, stored()]);
  const now = performance.now();
  for (const [name, { until }] of past) if (until < now) past.delete(name);
  if (past.has(key)) return past.get(key).answer;
  const answer = await query(kind, body, options);
  const end = performance.now();
  past.set(key, { answer, until: end + Math.max(60_000, (end - now) * WORTH) });
  return answer;
}

async function ask({ kind, body, signal }) {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await call(`/v1/query/${kind}`, {
      method: "POST", signal, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    });
    if (answer.ok) return answer.json();
    const busy = answer.status === 429 || answer.status === 503;
    if (!busy || attempt === 2) throw new ApiError(answer.status, await answer.json().catch(() => null));
    const seconds = Number(answer.headers.get("Retry-After")) || 1;
    await new Promise((done) => setTimeout(done, Math.min(seconds, 10) * 1000));
  }
}

/** The names of the sites that hold events; none where the reader may not see the server's numbers. */
export async function sites() {
  const answer = await fetch("/metrics", { headers: authorization() });
  const text = answer.ok ? await answer.text() : "";
  return [...text.matchAll(/^weir_watermark_seconds\{site="([^"]*)"\}/gm)].map((found) => found[1]).sort();
}

/** A query as a line for a shell. */
export function curl(kind, body) {
  const json = JSON.stringify(body).replaceAll("'", "'\\''");
  const key = stored() ? " -H 'Authorization: Bearer KEY'" : "";
  return `curl -s '${location.origin}/v1/query/${kind}'${key} -H 'Content-Type: application/json' -d '${json}'`;
}
