// Numbers, times and names in the reader's language.

const locale = navigator.languages?.length ? [...navigator.languages] : undefined;
const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const fine = new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
const short = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percents = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const changes = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0, signDisplay: "exceptZero" });

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/** What stands where there is no number. */
export const NONE = "–";

export const number = (value) => !isNumber(value) ? NONE : Number.isInteger(value) ? whole.format(value) : fine.format(value);
export const compact = (value) => !isNumber(value) ? NONE : Math.abs(value) < 10_000 ? number(value) : short.format(value);
export const percent = (part) => isNumber(part) ? percents.format(part) : NONE;
/** A change as a share of what was: "+12 %". */
export const change = (part) => isNumber(part) ? changes.format(part) : NONE;

/** A length of time in its two largest units: "2 h 5 min". */
export function duration(milliseconds) {
  if (!isNumber(milliseconds)) return NONE;
  const seconds = milliseconds / 1000;
  if (seconds < 1) return unit(Math.round(milliseconds), "millisecond");
  if (seconds < 10) return unit(Math.round(seconds * 10) / 10, "second");
  if (seconds < 60) return unit(Math.round(seconds), "second");
  const parts = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const first = parts.findIndex(([, size]) => seconds >= size);
  const [name, size] = parts[first];
  const main = Math.floor(seconds / size);
  const next = parts[first + 1];
  const rest = next ? Math.floor((seconds - main * size) / next[1]) : 0;
  return unit(main, name) + (rest ? " " + unit(rest, next[0]) : "");
}

const units = new Map();
function unit(value, name) {
  if (!units.has(name)) {
    units.set(name, new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "narrow" }));
  }
  return units.get(name).format(value);
}

const formats = new Map();
function dateFormat(zone, options) {
  const key = zone + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(locale, { ...options, timeZone: zone }));
  return formats.get(key);
}

const byInterval = {
  minute: { hour: "numeric", minute: "2-digit" },
  hour: { weekday: "short", hour: "numeric", minute: "2-digit" },
  day: { weekday: "short", day: "numeric", month: "short" },
  week: { day: "numeric", month: "short", year: "numeric" },
  month: { month: "long", year: "numeric" },
};
const onAxis = {
  minute: { hour: "numeric", minute: "2-digit" },
  hour: { hour: "numeric", minute: "2-digit" },
  day: { day: "numeric", month: "short" },
  week: { day: "numeric", month: "short" },
  month: { month: "short", year: "2-digit" },
};

/** The name of the interval that begins at `time`. */
export function intervalName(time, interval, zone, axis = false) {
  const text = dateFormat(zone, (axis ? onAxis : byInterval)[interval] ?? byInterval.day).format(new Date(time));
  return interval === "week" && !axis ? `Week of ${text}` : text;
}

/** A moment to the second. */
export function moment(time, zone) {
  return dateFormat(zone, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", second: "2-digit" }).format(new Date(time));
}

/** The same in two parts: the day, and the time of the day. */
export const momentParts = (time, zone) => [{ month: "short", day: "numeric" }, { hour: "numeric", minute: "2-digit", second: "2-digit" }]
  .map((options) => dateFormat(zone, options).format(new Date(time)));

/** A day without a time zone, as `2026-11-22`. */
export function dayName(day, options = { day: "numeric", month: "short", year: "numeric" }) {
  return dateFormat("UTC", options).format(new Date(day + "T00:00:00Z"));
}

function names(type) {
  try {
    return new Intl.DisplayNames(locale ?? ["en"], { type, fallback: "code" });
  } catch {
    return { of: (code) => code };
  }
}
const regions = names("region");
const languages = names("language");
const attempt = (work, otherwise) => {
  try {
    return work() ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const regionName = (code) => attempt(() => regions.of(code), code);
export const languageName = (code) => attempt(() => languages.of(code), code);

/** How a metric's number is written. */
export function metricText(metric, value, brief = false) {
  if (metric === "bounce_rate") return percent(value);
  if (metric === "session_duration" || metric.endsWith("_ms")) return duration(value);
  return brief ? compact(value) : number(value);
}
