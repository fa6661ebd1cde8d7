// What dimensions, metrics and operators are called, and how their values are shown.

import { languageName, regionName } from "./format.js";

export const DIMENSIONS = {
  event: "Event", path: "Page", host: "Host", url: "URL", title: "Title", source: "Source", referrer_host: "Referrer",
  referrer: "Referring page", utm_source: "UTM source", utm_medium: "UTM medium", utm_campaign: "UTM campaign",
  utm_term: "UTM term", utm_content: "UTM content", country: "Country", region: "Region", city: "City",
  language: "Language", browser: "Browser", browser_version: "Browser version", os: "System",
  os_version: "System version", device: "Device", screen: "Screen", bot: "Bot", visitor: "Visitor", user: "User",
  session: "Session", value: "Value", query_string: "Query string", user_agent: "User agent", channel: "Channel",
};

export const METRICS = {
  visitors: "Visitors", sessions: "Visits", pageviews: "Page views", events: "Events",
  bounce_rate: "Bounce rate", session_duration: "Visit length",
};

export const OPERATORS = {
  is: "is", is_not: "is not", contains: "contains", starts_with: "starts with", ends_with: "ends with",
  matches: "matches", exists: "exists", gt: ">", gte: "≥", lt: "<", lte: "≤",
};

/** A name for people: "Page", or "plan" for `props.plan`. */
export function dimensionName(dim) {
  return DIMENSIONS[dim] ?? (dim.startsWith("props.") ? dim.slice(6) : dim);
}

const missing = {
  source: "Direct or none", referrer_host: "Direct or none", referrer: "Direct or none", country: "Unknown",
  browser: "Unknown", os: "Unknown", device: "Unknown", language: "Unknown", screen: "Unknown",
};

/** A value of a dimension for people; `null` is a missing one. */
export function valueName(dim, value) {
  if (value === null || value === undefined) return missing[dim] ?? "(none)";
  if (value === "") return "(empty)";
  const text = String(value);
  if (dim === "country") return regionName(text);
  if (dim === "language") return languageName(text);
  return text;
}

/** Dimensions to choose from, those with values first named; properties after the rest. */
export function dimensionChoices(schema, leaveOut = ["time", "value", "url", "user_agent"]) {
  const found = (schema?.dimensions ?? []).map((one) => one.name);
  const list = found.length ? found : ["event", "path", "country"];
  const rank = (name) => name.startsWith("props.") ? 1000 : (Object.keys(DIMENSIONS).indexOf(name) + 500) % 500;
  return list.filter((name) => !leaveOut.includes(name))
    .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
    .map((name) => [name, dimensionName(name)]);
}

/** A filter in words. */
export function filterWords(filter) {
  const values = filter.values.map((value) => valueName(filter.dim, value)).join(" or ");
  if (filter.op === "exists") return `${dimensionName(filter.dim)} ${filter.values[0] === false ? "is missing" : "exists"}`;
  return `${dimensionName(filter.dim)} ${OPERATORS[filter.op] ?? filter.op} ${values}`;
}
