// The numbers above the chart: now, and compared with as much of the period before.

import { query } from "./api.js";
import { METRICS } from "./dims.js";
import { el, setText } from "./dom.js";
import { change, metricText, number } from "./format.js";
import * as live from "./live.js";
import { Panel } from "./panel.js";
import { resolve } from "./ranges.js";
import * as state from "./state.js";

const NAMES = Object.keys(METRICS);
/** Fewer bounces are better. */
const lowerIsBetter = new Set(["bounce_rate"]);
/** Who did something within these five minutes is here now. */
const NOW = { last: "5m" };

function tile(metric) {
  const name = el("span", { class: "kpi-name", text: METRICS[metric] });
  const value = el("span", { class: "kpi-value", text: "–" });
  const delta = el("span", { class: "kpi-delta" });
  const button = el("button", { type: "button", class: "kpi", onclick: () => state.set({ metric }) }, name, value, delta);
  return { metric, button, value, delta };
}

/** The row of tiles; a click on one draws it in the chart. */
export function kpiPanel() {
  const tiles = NAMES.map(tile);
  const nowValue = el("span", { class: "kpi-value", text: "–" });
  const nowTile = el("div", { class: "kpi now" }, el("span", { class: "kpi-name" }, el("span", { class: "dot", "aria-hidden": "true" }), "Visitors now"), nowValue,
    el("span", { class: "kpi-delta", text: "last 5 minutes" }));
  const strip = el("div", { class: "kpis", role: "group", "aria-label": "Totals" }, nowTile, tiles.map((one) => one.button));

  function draw(answer) {
    const light = live.totals()?.metrics;
    const metrics = { ...answer?.metrics, ...light };
    for (const { metric, button, value, delta } of tiles) {
      button.setAttribute("aria-pressed", String(state.get("metric") === metric));
      setText(value, metricText(metric, metrics[metric], true));
      value.title = metricText(metric, metrics[metric]);
      const before = answer?.previous?.[metric];
      const part = typeof before === "number" && before > 0 && typeof metrics[metric] === "number" ? (metrics[metric] - before) / before : null;
      delta.hidden = part === null;
      if (part === null) continue;
      const isUp = part > 0;
      delta.dataset.good = Math.abs(part) < 0.005 ? "same" : String(isUp !== lowerIsBetter.has(metric));
      setText(delta, `${change(part)}`);
      delta.title = `${metricText(metric, before)} in the period before, up to the same time`;
    }
  }

  const panel = new Panel({
    title: "Totals", class: "kpi-card",
    ask() {
      const { sofar } = resolve();
      const body = live.scope({ metrics: NAMES });
      return { kind: "aggregate", body, previous: state.get("compare") === "1" && sofar ? { ...body, range: sofar } : null };
    },
    key: ({ body, previous }) => JSON.stringify([body, Boolean(previous)]),
    async fetch(kind, body, options) {
      const [answer, previous] = await Promise.all([query(kind, body, options), panel.question.previous ? query(kind, panel.question.previous, options) : null]);
      return { ...answer, ...(previous ? { previous: previous.metrics } : {}) };
    },
    table: (answer) => ({
      head: ["Metric", "Value", ...(answer.previous ? ["Period before"] : [])],
      rows: NAMES.map((name) => [METRICS[name], answer.metrics[name], ...(answer.previous ? [answer.previous[name]] : [])]),
    }),
    draw(content, answer) {
      if (strip.parentNode !== content) content.replaceChildren(strip);
      draw(answer);
    },
  });

  async function count() {
    if (document.hidden || live.isPaused()) return;
    const { site, where } = live.scope();
    try {
      const answer = await query("aggregate", { site, range: NOW, metrics: ["visitors"], ...(where ? { where } : {}) });
      setText(nowValue, number(answer.metrics.visitors));
    } catch {
      setText(nowValue, "–");
    }
  }
  let due = false;
  const unsubscribe = live.subscribe((what) => {
    if (what !== "data") return;
    // The stream's own numbers are there at once; the dearer ones follow when they are computed.
    if (panel.answer && strip.isConnected) draw(panel.answer);
    if (due) return;
    due = true;
    setTimeout(() => { due = false; count(); }, 1000);
  });
  const clock = setInterval(count, 10_000);
  const close = panel.close.bind(panel);
  panel.close = () => {
    close();
    unsubscribe();
    clearInterval(clock);
  };
  panel.refresh = () => {
    if (panel.answer) draw(panel.answer);
    panel.load();
    count();
  };
  count();
  return panel;
}
