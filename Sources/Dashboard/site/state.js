// What is looked at lives in the address: a link shows another reader the same, and the back button goes back.

const defaults = { view: "overview", range: "7d", compare: "1", interval: "auto", metric: "visitors" };
const listeners = new Set();
let parameters = new URLSearchParams(location.search);

addEventListener("popstate", () => {
  parameters = new URLSearchParams(location.search);
  tell();
});

function tell() {
  for (const listener of listeners) listener();
}

/** Calls `listener` after each change. */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const get = (name, otherwise) => parameters.get(name) ?? otherwise ?? defaults[name] ?? "";
export const all = (name) => parameters.getAll(name);

/** An address with some parameters changed; `null` takes one out, a list sets several of a name. */
export function address(changes) {
  const next = new URLSearchParams(parameters);
  for (const [name, value] of Object.entries(changes)) {
    next.delete(name);
    if (Array.isArray(value)) for (const one of value) next.append(name, one);
    else if (value !== null && value !== undefined && value !== defaults[name]) next.set(name, value);
  }
  // Slashes, tildes and colons may stand in a query as they are, and read better.
  const text = next.toString().replaceAll("%2F", "/").replaceAll("%7E", "~").replaceAll("%3A", ":").replaceAll("%2C", ",");
  return location.pathname + (text ? "?" + text : "");
}

/** Changes some parameters: a new entry of the browser's history, unless `replace`. */
export function set(changes, { replace = false, silent = false } = {}) {
  const next = address(changes);
  if (next === location.pathname + location.search) return;
  history[replace ? "replaceState" : "pushState"](null, "", next);
  parameters = new URLSearchParams(location.search);
  if (!silent) tell();
}

// A part of a filter as text: values keep any character, and a missing value is told from the text "!null".
const encode = (part) => part === null ? "!null"
  : encodeURIComponent(String(part)).replaceAll("~", "%7E").replaceAll("!", "%21").replaceAll("%2F", "/").replaceAll("%20", " ");
function decode(text) {
  if (text === "!null") return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `{dim, op, values}` as `dim~op~value~value`, and back; `null` where it is none. */
export const filterText = (filter) => [filter.dim, filter.op, ...filter.values].map(encode).join("~");
export function filterFrom(text) {
  const [dim, op, ...values] = text.split("~").map(decode);
  if (!dim || !op) return null;
  return { dim, op, values: op === "exists" ? [values[0] !== "false"] : values };
}

/** The filters that hold for everything shown. */
export const filters = () => all("f").map(filterFrom).filter(Boolean);
export const setFilters = (list) => set({ f: list.map(filterText) });

/** Adds a filter; one of the same dimension and kind is replaced. */
export function addFilter(filter) {
  const rest = filters().filter((one) => one.dim !== filter.dim || one.op !== filter.op);
  setFilters([...rest, filter]);
}

/** A step of a funnel, `{event, where}`, as `event|filter|filter`, and back. */
export const stepText = (step) => [encode(step.event ?? ""), ...(step.where ?? []).map(filterText)].join("|");
export function stepFrom(text) {
  const [event, ...where] = text.split("|");
  return { event: decode(event) || "", where: where.map(filterFrom).filter(Boolean) };
}
