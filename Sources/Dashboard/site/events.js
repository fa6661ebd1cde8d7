// The raw events, newest first, as they come in.

import { query } from "./api.js";
import { openDialog } from "./dialog.js";
import { dimensionName, valueName } from "./dims.js";
import { data, el, icon, reconcile } from "./dom.js";
import { moment, momentParts, regionName } from "./format.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import { zone } from "./ranges.js";
import * as state from "./state.js";
import { toast } from "./toast.js";

const PAGE = 100;
const MOST = 2000;

const keyOf = (event) => JSON.stringify([event.time, event.visitor, event.event, event.path, event.props, event.twin]);

const text = (event) => JSON.stringify({ ...event, twin: undefined });

/**
 * What of `shown`, newest first, is older than a newer first page: late events in there are seen when it is loaded anew.
 * Nothing where more came than a page holds, so that there is never a hole.
 */
function olderThan(first, shown) {
  if (!first.length) return [];
  const last = text(first.at(-1));
  let equal = first.filter((event) => text(event) === last).length;
  const end = shown.findIndex((event) => text(event) === last && (equal -= 1) === 0);
  return end < 0 ? [] : shown.slice(end + 1);
}

/** Equal events of one millisecond are told apart by their number, so that each has a row. */
function told(events) {
  const seen = new Map();
  // Counted from the oldest: what is there keeps its number when more come.
  for (let index = events.length - 1; index >= 0; index -= 1) {
    const event = events[index];
    const key = text(event);
    event.twin = seen.get(key) ?? 0;
    seen.set(key, event.twin + 1);
  }
  return events;
}

function details(event) {
  const fields = Object.entries(event).flatMap(([name, value]) => name === "props" ? Object.entries(value).map(([key, one]) => [`props.${key}`, one]) : name === "twin" ? [] : [[name, value]]);
  return openDialog("Event", (close) => el("dl", { class: "fields" }, fields.flatMap(([name, value]) => [
    el("dt", { text: dimensionName(name), title: name }),
    el("dd", {}, data(Array.isArray(value) ? value.join(", ") : String(value)), name === "time" || name === "value" || Array.isArray(value) ? null
      : el("button", { type: "button", class: "icon-only", "aria-label": `Filter by ${dimensionName(name)}`, title: "Filter by this", onclick: () => { close(null); state.addFilter({ dim: name, op: "is", values: [value] }); } }, icon("filter"))),
  ])));
}

function row(event) {
  const [day, clock] = momentParts(event.time, zone());
  const filterBy = (dim, value, text) => value === undefined || value === null ? el("span", { class: "hint", text: "–" }) : el("button", {
    type: "button", class: "link", title: `Filter: ${dimensionName(dim)} is ${valueName(dim, value)}`, onclick: () => state.addFilter({ dim, op: "is", values: [value] }),
  }, data(text ?? valueName(dim, value)));
  return el("tr", {}, el("td", { class: "time" }, el("time", { datetime: event.time, title: moment(event.time, zone()) }, el("span", { class: "date", text: `${day}, ` }), clock)),
    el("td", { class: "what" }, filterBy("event", event.event), event.path ? el("small", { class: "under" }, data(event.path)) : null), el("td", { class: "where" }, filterBy("path", event.path)), el("td", { class: "who" }, filterBy("visitor", event.visitor)),
    el("td", { class: "place" }, filterBy("country", event.country, event.country && regionName(event.country))),
    el("td", { class: "act" }, el("button", { type: "button", class: "icon-only", "aria-label": `All fields of ${event.event} at ${moment(event.time, zone())}`, title: "All fields", onclick: () => details(event) }, icon("more"))));
}

/** Shows the view in `root`. */
export function mount(root) {
  /** All that is loaded, once that is more than the first page. */
  let shown = [];
  let cursor = null;
  let oldest = "";
  const more = el("button", { type: "button", class: "quiet more", text: "Show older events", onclick: loadMore });
  const body = el("tbody");
  const table = el("table", { class: "stream" }, el("caption", { class: "spoken", text: "Events, newest first" }), el("thead", {}, el("tr", {},
    el("th", { scope: "col", class: "time", text: "Time" }), el("th", { scope: "col", text: "Event" }), el("th", { scope: "col", class: "where", text: "Page" }), el("th", { scope: "col", class: "who", text: "Visitor" }),
    el("th", { scope: "col", class: "place", text: "Country" }), el("th", { scope: "col", class: "act" }, el("span", { class: "spoken", text: "Details" })))), body);
  const columns = ["time", "event", "visitor", "path", "country", "value", "props"];

  const panel = new Panel({
    title: "Events", ask: () => ({ kind: "events", body: scope({ limit: PAGE }) }), empty: (answer) => answer.events.length === 0,
    table: (answer) => ({ head: columns, rows: (shown.length ? shown : answer.events).map((event) => columns.map((name) => name === "props" ? JSON.stringify(event.props ?? {}) : event[name])) }),
    draw(content, answer) {
      if (panel.key !== oldest) {
        shown = [];
        oldest = panel.key;
        body.keyed = undefined;
        body.replaceChildren();
      }
      const older = olderThan(answer.events, shown);
      shown = older.length ? [...answer.events, ...older] : [];
      if (!shown.length) cursor = answer.cursor;
      more.hidden = !cursor || shown.length > MOST;
      if (table.parentNode !== content) content.replaceChildren(table, more);
      const before = body.childElementCount;
      const known = new Set((body.keyed ?? new Map()).keys());
      reconcile(body, told(shown.length ? shown : answer.events), keyOf, (event) => {
        const node = row(event);
        if (before && !known.has(keyOf(event))) node.classList.add("new");
        return node;
      });
    },
  });

  async function loadMore() {
    more.disabled = true;
    const { key } = panel;
    try {
      const answer = await query("events", { ...panel.asked.body, cursor }, { isUrgent: true });
      if (panel.key !== key) return;
      shown = [...(shown.length ? shown : panel.answer.events), ...answer.events];
      cursor = answer.cursor;
      panel.drawn = undefined;
      panel.show(panel.answer);
    } catch (error) {
      toast(error.message);
    } finally {
      more.disabled = false;
    }
  }

  root.append(el("h1", { class: "spoken", text: "Events" }), panel.element);
  const update = () => panel.load();
  update();
  return { update, close: () => panel.close() };
}
