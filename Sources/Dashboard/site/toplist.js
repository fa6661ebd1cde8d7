// Lists of the most frequent values, in tabs; a click on a value filters by it.

import { METRICS, dimensionName, valueName } from "./dims.js";
import { data, el, reconcile, setText, spoken } from "./dom.js";
import { metricText } from "./format.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import * as schema from "./schema.js";
import * as state from "./state.js";

const FEW = 8;
const MANY = 200;

/** Rows `{key, …metrics}` of whatever kind the tab asks. */
function rowsOf(tab, answer) {
  if (tab.sessions) return answer[tab.sessions].rows.map((row) => ({ ...row, key: row.key }));
  return answer.rows.map((row) => ({ ...row, key: row.key[0] }));
}

const distinctOf = (tab, answer) => tab.sessions ? answer[tab.sessions].distinct : answer.distinct;

/**
 * A panel of lists. `tabs()` returns `{name, dim, label, metrics, where?, sessions?}`; the chosen one lives in the
 * address under `id`.
 */
export function topPanel({ id, title, tabs, tools = [] }) {
  let limit = FEW;
  const bar = el("div", { class: "tabs", role: "tablist", "aria-label": title });
  const chosen = () => tabs().find((tab) => tab.name === state.get(id)) ?? tabs()[0];
  const more = el("button", { type: "button", class: "quiet more", onclick: () => { limit = limit === FEW ? MANY : FEW; panel.load(); } });

  function drawTabs() {
    const now = chosen();
    bar.replaceChildren(...tabs().map((tab) => el("button", {
      type: "button", role: "tab", "aria-selected": String(tab.name === now.name), tabindex: tab.name === now.name ? 0 : -1, "aria-controls": `${id}-list`,
      text: tab.label, onclick: () => choose(tab), onkeydown: (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const list = tabs();
        choose(list[(list.findIndex((one) => one.name === tab.name) + step + list.length) % list.length]);
      },
    })));
  }
  function choose(tab) {
    limit = FEW;
    state.set({ [id]: tab.name === tabs()[0].name ? null : tab.name });
    bar.querySelector("[aria-selected=true]")?.focus();
  }

  const panel = new Panel({
    title, heading: bar, tools, class: "top",
    ask() {
      const tab = chosen();
      if (!tab?.dim) return schema.now() ? null : undefined;
      const where = [...(scope().where ?? []), ...(tab.where ?? [])];
      const body = scope(where.length ? { where } : {});
      if (tab.sessions) return { kind: "sessions", body: { ...body, by: tab.dim, limit } };
      return { kind: "top", body: { ...body, by: tab.dim, metrics: tab.metrics, limit } };
    },
    // Entry and exit pages are parts of one answer, and yet two lists.
    key: (question) => JSON.stringify([question, chosen()?.name]),
    idle: "Nothing to choose from yet.",
    empty: (answer) => rowsOf(chosen(), answer).length === 0,
    table(answer) {
      const tab = chosen();
      return {
        head: [dimensionName(tab.dim), ...tab.metrics.map((metric) => METRICS[metric] ?? metric)],
        rows: rowsOf(tab, answer).map((row) => [row.key, ...tab.metrics.map((metric) => row[metric])]),
      };
    },
    draw(content, answer) {
      const tab = chosen();
      draw(content, tab, rowsOf(tab, answer), `${id}-list`, title);
      const rest = distinctOf(tab, answer) - FEW;
      more.hidden = rest <= 0;
      setText(more, limit === FEW ? `Show more (${metricText("events", rest)})` : "Show fewer");
      if (!more.isConnected) content.after(more);
      content.classList.toggle("long", limit !== FEW);
    },
  });
  panel.refresh = () => {
    drawTabs();
    panel.load();
  };
  drawTabs();
  return panel;
}

function draw(content, tab, rows, id, title) {
  const isFiltered = state.filters().some((filter) => filter.dim === tab.dim && filter.op === "is");
  if (content.table?.dataset.tab !== tab.name || !content.table.isConnected) {
    content.body = el("tbody");
    content.table = el("table", { class: "list", id, "data-tab": tab.name }, el("caption", {}, spoken(`${title}: ${tab.label}`)), el("thead", {}, el("tr", {},
      el("th", { scope: "col", text: dimensionName(tab.dim) }), tab.metrics.map((metric) => el("th", { scope: "col", class: "number", text: METRICS[metric] ?? metric })))),
    content.body);
    content.replaceChildren(content.table);
  }
  const most = rows.reduce((most, row) => Math.max(most, row[tab.metrics[0]] ?? 0), 1);
  reconcile(content.body, rows, (row) => JSON.stringify(row.key),
    (row) => {
      const name = valueName(tab.dim, row.key);
      return el("tr", {}, el("th", { scope: "row" }, el("button", {
        type: "button", class: "value", title: `Filter: ${dimensionName(tab.dim)} is ${name}`,
        onclick: () => state.addFilter({ dim: tab.dim, op: "is", values: [row.key] }),
      }, data(name), spoken(", filter by it"))), tab.metrics.map(() => el("td", { class: "number" })));
    },
    (node, row) => {
      const button = node.querySelector("button");
      button.style.setProperty("--part", (row[tab.metrics[0]] ?? 0) / most);
      button.toggleAttribute("data-chosen", isFiltered);
      tab.metrics.forEach((metric, index) => {
        const place = node.children[index + 1];
        setText(place, metricText(metric, row[metric], true));
        const exact = metricText(metric, row[metric]);
        if (place.title !== exact) place.title = exact;
      });
    });
}
