// Ranges of time in the reader's zone. Days begin and end as the zone says, changes of the clock included.

import * as state from "./state.js";
import { dayName } from "./format.js";

export const PRESETS = [
  ["1h", "Last hour"], ["24h", "Last 24 hours"], ["today", "Today"], ["yesterday", "Yesterday"], ["7d", "Last 7 days"],
  ["30d", "Last 30 days"], ["month", "This month"], ["90d", "Last 90 days"], ["12mo", "Last 12 months"], ["all", "All time"],
];

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const parts = new Map();

/** The zone's clock at a moment, as if it were UTC. */
function wall(time, zone) {
  if (!parts.has(zone)) {
    parts.set(zone, new Intl.DateTimeFormat("en-US", {
      timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric",
      minute: "numeric", second: "numeric",
    }));
  }
  const found = Object.fromEntries(parts.get(zone).formatToParts(time).map((part) => [part.type, Number(part.value)]));
  return Date.UTC(found.year, found.month - 1, found.day, found.hour, found.minute, found.second);
}

/** The moment at which the zone's clock shows `local` (as if it were UTC). */
export function momentOf(local, zone) {
  let time = local;
  for (let round = 0; round < 3; round += 1) time += local - wall(time, zone);
  return time;
}

/** The day a moment lies in, as `2026-11-22`. */
export const dayOf = (time, zone) => new Date(wall(time, zone)).toISOString().slice(0, 10);
const addDays = (day, count) => new Date(Date.parse(day + "T00:00:00Z") + count * DAY).toISOString().slice(0, 10);
const startOf = (day, zone) => momentOf(Date.parse(day + "T00:00:00Z"), zone);
const monthOf = (day, count) => {
  const date = new Date(day + "T00:00:00Z");
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + count, 1)).toISOString().slice(0, 10);
};
const daysBetween = (from, to) => Math.round((Date.parse(to) - Date.parse(from)) / DAY);
const text = (time) => new Date(time).toISOString().replace(".000Z", "Z");

export const zone = () => state.get("tz") || Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";

/** Whether a name is an IANA zone that this browser knows. */
export function isZone(name) {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: name }));
  } catch {
    return false;
  }
}

/** First and last day of a range of the reader's own, `2026-11-01..2026-11-08`, or `null`. */
export function customDays(range) {
  const found = /^(\d{4}-\d{2}-\d{2})\.\.(\d{4}-\d{2}-\d{2})$/.exec(range);
  return found && found[1] <= found[2] ? [found[1], found[2]] : null;
}

/**
 * What a range means now: `range` as a query takes it; `previous`, the whole period before, for a series; `sofar`, as
 * much of that as has passed of this one, so that a morning is compared with a morning; and the span in days.
 */
export function resolve(range = state.get("range"), now = Date.now(), where = zone()) {
  const today = dayOf(now, where);
  const last = (hours) => ({
    range: { last: hours === 1 ? "1h" : "24h" }, span: hours / 24, from: now - hours * HOUR, to: null,
    previous: [now - 2 * hours * HOUR, now - hours * HOUR],
  });
  const days = (from, to, before) => {
    const [start, end] = [startOf(from, where), to ? startOf(to, where) : null];
    const earlier = before ?? addDays(from, -daysBetween(from, to ?? addDays(today, 1)));
    return {
      range: { from: text(start), ...(end ? { to: text(end) } : {}) }, span: daysBetween(from, to ?? addDays(today, 1)),
      from: start, to: end, previous: [startOf(earlier, where), start],
    };
  };
  const make = {
    "1h": () => last(1), "24h": () => last(24), today: () => days(today, null),
    yesterday: () => days(addDays(today, -1), today), "7d": () => days(addDays(today, -6), null),
    "30d": () => days(addDays(today, -29), null), "90d": () => days(addDays(today, -89), null),
    month: () => days(monthOf(today, 0), null, monthOf(today, -1)), "12mo": () => days(monthOf(today, -11), null),
    all: () => ({ range: "all", span: Infinity, from: null, to: null, previous: null }),
  }[range];
  const custom = customDays(range);
  const found = make ? make() : custom ? days(custom[0], addDays(custom[1], 1)) : days(addDays(today, -6), null);
  if (!found.previous) return { ...found, sofar: null };
  const [from, to] = found.previous;
  const passed = Math.min(found.to ?? now, now) - found.from;
  // By the minute, of many days by ten, so that the same question is asked again and not another one each time.
  const grain = found.span > 2 ? 600_000 : 60_000;
  const until = Math.min(to, Math.floor((from + passed) / grain) * grain);
  return {
    ...found, previous: { from: text(from), to: text(to) },
    sofar: { from: text(from), to: text(Math.max(until, from + grain)) },
  };
}

/** The interval that suits a range, unless the reader chose one. */
export function interval(span, chosen = state.get("interval")) {
  if (chosen !== "auto") return chosen;
  if (span <= 1 / 12) return "minute";
  if (span <= 2) return "hour";
  if (span <= 62) return "day";
  return span <= 370 ? "week" : "month";
}

/** Intervals that make sense for a range. */
export const intervals = (span) => [["minute", 0.26], ["hour", 32], ["day", 800], ["week", Infinity], ["month", Infinity]]
  .filter(([name, most]) => span <= most && (name !== "month" || span > 31) && (name !== "week" || span > 6) && (name !== "day" || span > 1))
  .map(([name]) => [name, { minute: "Minutes", hour: "Hours", day: "Days", week: "Weeks", month: "Months" }[name]]);

/** A range in words. */
export function rangeName(range) {
  const custom = customDays(range);
  if (custom) return custom[0] === custom[1] ? dayName(custom[0]) : `${dayName(custom[0])} – ${dayName(custom[1])}`;
  return PRESETS.find(([name]) => name === range)?.[1] ?? range;
}
