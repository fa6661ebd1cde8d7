// The numbers above the chart: now, and compared with as much of the period before.

import { query, queryPast } from "./api.js";
import { METRICS } from "./dims.js";
import { el, setText } from "./dom.js";
import { NONE, change, metricText, number } from "./format.js";
import * as live from "./live.js";
import { Panel } from "./panel.js";
import { resolve } from "./ranges.js";
import * as state from "./state.js";

const NAMES = Object.keys(METRICS);
/** Those that the stream tells as well. */
const LIGHT = live.WATCHED;
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

  /** What is known of both periods, the stream's numbers last: they are the newest. */
  const known = () => ({
    metrics: { ...visits.answer?.metrics, ...panel.answer?.metrics, ...live.totals()?.metrics },
    previous: { ...visits.answer?.previous, ...panel.answer?.previous },
  });

  function draw() {
    const { metrics, previous } = known();
    for (const { metric, button, value, delta } of tiles) {
      button.setAttribute("aria-pressed", String(state.get("metric") === metric));
      // The number of another question stays, faded, until this one's is there: nothing flickers.
      const isWaiting = metrics[metric] === undefined && (panel.isAsking || visits.isAsking);
      button.classList.toggle("waiting", isWaiting);
      if (isWaiting) continue;
      setText(value, metricText(metric, metrics[metric], true));
      value.title = metricText(metric, metrics[metric]);
      const before = previous[metric];
      const part = typeof before === "number" && before > 0 && typeof metrics[metric] === "number" ? (metrics[metric] - before) / before : null;
      // Its line stays where there is nothing to compare with, so that nothing moves.
      setText(delta, part === null ? "" : change(part));
      delta.title = part === null ? "" : `${metricText(metric, before)} in the period before, up to the same time`;
      if (part === null) {
        delete delta.dataset.good;
        continue;
      }
      delta.dataset.good = Math.abs(part) < 0.005 ? "same" : String(part > 0 !== lowerIsBetter.has(metric));
    }
  }

  /** Both periods' numbers of some metrics; what is there of this one is shown while the other is computed. */
  const asking = (metrics, isLate) => {
    const ask = () => {
      const { sofar } = resolve();
      const body = live.scope({ metrics });
      return { kind: "aggregate", body, previous: state.get("compare") === "1" && sofar ? { ...body, range: sofar } : null };
    };
    const fetch = async (kind, body, options) => {
      const { previous } = ask();
      const answer = await live.answerTo(body) ?? await query(kind, body, { ...options, isLate });
      const before = previous && await queryPast(kind, previous, { ...options, isLate });
      return { ...answer, previous: before?.metrics };
    };
    return { ask, fetch, key: ({ body, previous }) => JSON.stringify([body, Boolean(previous)]) };
  };

  const panel = new Panel({
    ...asking(LIGHT, false), title: "Totals", class: "kpi-card", leads: true,
    table() {
      const { metrics, previous } = known();
      return { head: ["Metric", "Value", "Period before"], rows: NAMES.map((name) => [METRICS[name], metrics[name], previous[name]]) };
    },
    whole: ({ body }, answer) => ({ body: { ...body, metrics: NAMES }, answer: { ...answer, ...known() } }),
    draw,
  });
  // Visits are told apart when they are asked for: these take longest, and come last.
  const visits = new Panel({ ...asking(NAMES.filter((name) => !LIGHT.includes(name)), true), title: "Visits", place: strip, rest: 15, draw });
  panel.content.append(strip);
  panel.ready();

  let counted = "";
  async function count() {
    if (document.hidden || live.isPaused()) return;
    const { site, where } = live.scope();
    const body = { site, range: NOW, metrics: ["visitors"], ...(where ? { where } : {}) };
    counted = JSON.stringify([site, where]);
    try {
      const answer = await query("aggregate", body);
      if (counted === JSON.stringify([site, where])) setText(nowValue, number(answer.metrics.visitors));
    } catch {
      setText(nowValue, NONE);
    }
  }
  let due = false;
  const countSoon = () => {
    if (due) return;
    due = true;
    setTimeout(() => { due = false; count(); }, 1000);
  };
  const unsubscribe = live.subscribe((what) => {
    if (what !== "data") return;
    draw();
    countSoon();
  });
  const clock = setInterval(count, 10_000);
  const close = panel.close.bind(panel);
  panel.close = () => {
    close();
    visits.close();
    unsubscribe();
    clearInterval(clock);
  };
  panel.refresh = () => {
    // Numbers of another site or range would be wrong here.
    if (panel.key && JSON.stringify(panel.options.ask().body) !== JSON.stringify(panel.asked?.body)) panel.answer = visits.answer = undefined;
    panel.load();
    visits.load();
    draw();
    const { site, where } = live.scope();
    if (counted !== JSON.stringify([site, where])) count();
  };
  return panel;
}
