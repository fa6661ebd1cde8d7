// The first view: totals, the series, and what is most frequent.

import { query, queryPast } from "./api.js";
import { METRICS, dimensionName } from "./dims.js";
import { el, select } from "./dom.js";
import { kpiPanel } from "./kpis.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import { interval, intervals, resolve, zone } from "./ranges.js";
import * as schema from "./schema.js";
import { SeriesChart } from "./series.js";
import * as state from "./state.js";
import { topPanel } from "./toplist.js";

const DAY = 86_400_000;

/** The chosen range's length in days; that of all time is known once the schema is. */
function spanOf(range) {
  if (Number.isFinite(range.span)) return range.span;
  const extent = schema.extent();
  return extent ? Math.max(1, (extent[1] - extent[0]) / DAY) : 400;
}

function seriesPanel() {
  const chart = new SeriesChart();
  const place = el("span");
  const metric = () => METRICS[state.get("metric")] ? state.get("metric") : "visitors";
  const panel = new Panel({
    title: "Over time", class: "series-card", chart: true, tools: [place],
    ask() {
      const range = resolve();
      if (!Number.isFinite(range.span) && !schema.now()) schema.load();
      const body = scope({ metrics: [metric()], interval: interval(spanOf(range)) });
      const before = state.get("compare") === "1" && range.previous ? { ...body, range: range.previous } : null;
      return { kind: "timeseries", body, before, isOpen: range.to === null };
    },
    key: ({ body, before }) => JSON.stringify([body, Boolean(before)]),
    async fetch(kind, body, options) {
      const { before } = panel.question;
      const [answer, previous] = await Promise.all([query(kind, body, options), before ? queryPast(kind, before, options) : null]);
      return { ...answer, ...(previous ? { previous: previous.rows } : {}) };
    },
    table(answer) {
      const name = panel.asked.body.metrics[0];
      const withBefore = Boolean(answer.previous);
      return {
        head: ["Time", METRICS[name], ...(withBefore ? ["Period before", "Its time"] : [])],
        rows: answer.rows.map((row, index) => [row.time, row[name], ...(withBefore ? [answer.previous[index]?.[name], answer.previous[index]?.time] : [])]),
      };
    },
    empty: (answer) => answer.rows.length === 0,
    draw(content, answer) {
      const { body, isOpen } = panel.asked;
      const name = body.metrics[0];
      const pick = (rows) => rows.map((row) => ({ time: row.time, value: row[name] }));
      if (chart.element.parentNode !== content) content.replaceChildren(chart.element);
      chart.update({ rows: pick(answer.rows), previous: pick(answer.previous ?? []), metric: name, interval: body.interval, zone: zone(), isOpen });
    },
  });
  panel.refresh = () => {
    panel.rename(`${METRICS[metric()]} over time`);
    const span = spanOf(resolve());
    place.replaceChildren(select("Interval", [["auto", "Automatic"], ...intervals(span)], state.get("interval"), (value) => state.set({ interval: value }), { class: "small" }));
    place.querySelector("span").classList.add("spoken");
    panel.load();
  };
  return panel;
}

const exists = (dim) => [{ dim, op: "exists", values: [true] }];
const tab = (dim, label, metrics = ["visitors", "events"], more = {}) => ({ name: dim, dim, label, metrics, ...more });
/** A tab only where events have the dimension. */
const optional = (list) => list.filter(({ dim }) => !schema.now() || schema.now().dimensions.some((one) => one.name === dim));

function panels() {
  const views = ["visitors", "pageviews"];
  const campaign = (dim, label) => tab(dim, label, ["visitors", "events"], { where: exists(dim) });
  // The most frequent first: what most events say is what is looked for.
  const properties = () => (schema.now()?.dimensions ?? []).filter(({ name }) => name.startsWith("props."))
    .sort((one, other) => other.events - one.events || one.name.localeCompare(other.name)).map((one) => one.name);
  const property = () => properties().includes(state.get("prop")) ? state.get("prop") : properties()[0];
  const picker = el("span");
  const list = [
    topPanel({ id: "pages", title: "Pages", tabs: () => [tab("path", "Pages", views),
      tab("path", "Entry", ["sessions", "bounce_rate"], { name: "entry", sessions: "entry_pages" }),
      tab("path", "Exit", ["sessions"], { name: "exit", sessions: "exit_pages" }), ...optional([tab("title", "Titles", views), tab("host", "Hosts", views)])] }),
    topPanel({ id: "sources", title: "Sources", tabs: () => [...optional([tab("source", "Sources"), tab("referrer_host", "Referrers")]),
      ...optional([campaign("utm_campaign", "Campaigns"), campaign("utm_source", "UTM source"), campaign("utm_medium", "Medium"), campaign("utm_term", "Term"), campaign("utm_content", "Content")])] }),
    topPanel({ id: "places", title: "Places", tabs: () => [tab("country", "Countries"), ...optional([tab("region", "Regions"), tab("city", "Cities"), tab("language", "Languages")])] }),
    topPanel({ id: "devices", title: "Devices", tabs: () => {
      const found = optional([tab("browser", "Browsers"), tab("os", "Systems"), tab("device", "Devices"), tab("screen", "Screens")]);
      return found.length ? found : [tab("browser", "Browsers")];
    } }),
    topPanel({ id: "events", title: "Events", tabs: () => [tab("event", "Events")] }),
    topPanel({ id: "properties", title: "Properties", tools: [picker], tabs: () => [{ name: property() ?? "none", dim: property(), label: "Properties", metrics: ["visitors", "events"], where: property() ? exists(property()) : [] }] }),
  ];
  const last = list.at(-1);
  const refresh = last.refresh;
  last.refresh = () => {
    const names = properties();
    const choice = select("Property", names.map((name) => [name, dimensionName(name)]), property(), (value) => state.set({ prop: value }), { class: "small" });
    choice.firstChild.classList.add("spoken");
    picker.replaceChildren(names.length ? choice : "");
    refresh();
  };
  return list;
}

/** Shows the view in `root`. */
export function mount(root) {
  const list = [kpiPanel(), seriesPanel(), ...panels()];
  const update = () => list.forEach((panel) => panel.refresh());
  root.append(el("h1", { class: "spoken", text: "Overview" }), list[0].element, list[1].element, el("div", { class: "columns" }, list.slice(2).map((panel) => panel.element)));
  update();
  const unsubscribe = schema.onLoad(update);
  schema.load();
  return { update, close() { unsubscribe(); list.forEach((panel) => panel.close()); } };
}
