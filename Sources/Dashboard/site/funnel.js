// Funnels: build one, see where visitors are lost, how long they take, and who they are.

import { dimensionName, filterWords, valueName } from "./dims.js";
import { el, data, icon, reconcile, setText } from "./dom.js";
import { duration, number, percent } from "./format.js";
import { FunnelBuilder, isWhole, options, setSteps, steps, windowName } from "./funnel-steps.js";
import { query } from "./api.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import * as schema from "./schema.js";
import * as state from "./state.js";
import { showVisitors } from "./visitors.js";

const COUNTED = { visitors: "visitors", sessions: "visits", attempts: "attempts" };

/** The address's funnel as a query takes it. */
function body(more = {}) {
  const { window, order, count } = options();
  return scope({
    steps: steps().filter(isWhole).map((step) => ({ ...(step.event ? { event: step.event } : {}), ...(step.where.length ? { where: step.where } : {}) })),
    window, ...(order !== "sequential" ? { order } : {}), ...(count !== "visitors" ? { count } : {}), ...more,
  });
}

const stepName = (index) => {
  const step = steps().filter(isWhole)[index];
  if (!step) return `Step ${index + 1}`;
  return [step.event, ...step.where.map(filterWords)].filter(Boolean).join(", ");
};

function visitorsOf(step, outcome) {
  const what = COUNTED[options().count];
  const title = outcome === "reached" ? `Who reached ${step}. ${stepName(step - 1)}` : `Who was lost before ${step}. ${stepName(step - 1)}`;
  showVisitors(title, body({ step, outcome }), what);
}

/** The step before which most are lost; -1 where nobody is. */
function weakest(list) {
  const losses = list.map((step) => step.drop_off ?? 0);
  const most = Math.max(...losses);
  return most > 0 ? losses.indexOf(most) : -1;
}

function bars(content, answer) {
  const what = COUNTED[options().count];
  const last = answer.steps.at(-1);
  const worst = weakest(answer.steps);
  if (!content.bars?.isConnected) {
    content.sum = el("p", { class: "funnel-sum" }, el("b"), el("span"));
    content.bars = el("ol", { class: "funnel-bars" });
    content.replaceChildren(content.sum, content.bars);
  }
  setText(content.sum.firstChild, percent(last.rate));
  setText(content.sum.lastChild, answer.steps.length < 2 ? `of ${number(last.count)} ${what}. Add a second step to see who goes on.`
    : `of ${number(answer.steps[0].count)} ${what} went all the way${worst < 0 ? "." : `; most are lost before step ${worst + 1}.`}`);
  reconcile(content.bars, answer.steps, (_, index) => `${index}:${stepName(index)}`, (_, index) => {
    const name = stepName(index);
    return el("li", { class: "funnel-step" },
      el("span", { class: "name", title: name }, `${index + 1}. `, data(name)),
      el("button", { type: "button", class: "bar", onclick: () => visitorsOf(index + 1, "reached") }, el("span"), el("small")),
      el("span", { class: "kept" }), el("button", { type: "button", class: "quiet", onclick: () => visitorsOf(index + 1, "dropped") }), el("span", { class: "hint" }));
  }, (node, step, index) => {
    const [, bar, kept, lost, time] = node.children;
    bar.style.setProperty("--part", step.rate ?? 0);
    setText(bar.lastChild, `${percent(step.rate)}`);
    bar.setAttribute("aria-label", `${stepName(index)}: ${number(step.count)} ${what}, ${percent(step.rate)}. Show who`);
    setText(kept, `${number(step.count)} ${what}`);
    lost.hidden = index === 0;
    if (index) {
      setText(lost, `−${number(step.drop_off)} lost (${percent(step.step_rate === null ? null : 1 - step.step_rate)})`);
      lost.setAttribute("aria-label", `${number(step.drop_off)} ${what} lost before ${stepName(index)}. Show who`);
      lost.classList.toggle("worst", index === worst);
    }
    const median = step.percentiles_ms?.["50"];
    setText(time, typeof median === "number" ? `${duration(median)} typically` : "");
  });
}

function chartPanel() {
  const panel = new Panel({
    title: "Conversion", chart: true, class: "funnel-card",
    ask: () => steps().some(isWhole) ? { kind: "funnel", body: body({ time_to_convert: { percentiles: [50, 90], bins: 20 } }) } : null,
    idle: "Choose the event of the first step above.",
    table: (answer) => ({
      head: ["Step", "Name", COUNTED[options().count], "Of first", "Of step before", "Lost", "Median time, ms", "90 %, ms"],
      rows: answer.steps.map((step, index) => [String(index + 1), stepName(index), step.count, percent(step.rate), percent(step.step_rate), step.drop_off, step.percentiles_ms?.["50"], step.percentiles_ms?.["90"]]),
    }),
    draw: bars,
  });
  return panel;
}

function timePanel(source) {
  // It shows a part of the first panel's answer, so the question is the same and is answered from what is kept.
  return new Panel({
    title: "Time to convert", chart: true, ask: () => steps().filter(isWhole).length > 1 ? source.options.ask() : null,
    idle: "Needs two steps.", empty: (answer) => !answer.histogram?.length, nothing: "Nobody went all the way in this range.",
    table: (answer) => ({ head: ["From, ms", "To, ms", "Count"], rows: answer.histogram.map((bar) => [bar.from_ms, bar.to_ms, bar.count]) }),
    draw(content, answer) {
      const list = answer.histogram;
      const most = Math.max(1, ...list.map((bar) => bar.count));
      const last = answer.steps.at(-1);
      content.replaceChildren(
        el("div", { class: "histogram", role: "img", "aria-label": `Time from first to last step: from ${duration(list[0].from_ms)} to ${duration(list.at(-1).to_ms)}; the table has all numbers` },
          list.map((bar) => {
            const part = el("span", { title: `${duration(bar.from_ms)} – ${duration(bar.to_ms)}: ${number(bar.count)}` });
            part.style.setProperty("--part", bar.count / most);
            return part;
          })),
        el("div", { class: "histogram-axis" }, el("span", { text: duration(list[0].from_ms) }), el("span", { text: duration(list.at(-1).to_ms) })),
        el("p", { class: "hint", text: `The last step took half of them up to ${duration(last.percentiles_ms?.["50"])}, nine in ten up to ${duration(last.percentiles_ms?.["90"])}.` }));
    },
  });
}

function breakdownPanel() {
  const panel = new Panel({
    title: "Breakdown", ask: () => {
      const { by } = options();
      return by && steps().filter(isWhole).length ? { kind: "funnel", body: body({ by, limit: 12 }) } : null;
    },
    idle: "Choose a dimension under “Break down by”, such as Device.", empty: (answer) => !answer.rows?.length,
    table(answer) {
      const count = answer.steps.length;
      return {
        head: [dimensionName(options().by), ...Array.from({ length: count }, (_, index) => `${index + 1}. ${stepName(index)}`), "Conversion"],
        rows: answer.rows.map((row) => [row.key, ...row.steps.map((step) => step.count), percent(row.steps.at(-1).rate)]),
      };
    },
    draw(content, answer) {
      const { by } = options();
      const most = Math.max(...answer.rows.map((row) => row.steps.at(-1).rate ?? 0), 0.0001);
      const cells = (row) => {
        const worst = weakest(row.steps);
        return row.steps.map((step, index) => el("td", {
          class: index === worst ? "number worst" : "number", title: index ? `${percent(step.step_rate)} of the step before; ${number(step.drop_off)} lost` : undefined,
          text: index ? `${number(step.count)} (${percent(step.step_rate)})` : number(step.count),
        }));
      };
      content.replaceChildren(el("div", { class: "scroll" }, el("table", { class: "data" }, el("caption", { class: "spoken", text: `Conversion by ${dimensionName(by)}` }),
        el("thead", {}, el("tr", {}, el("th", { scope: "col", text: dimensionName(by) }), answer.steps.map((_, index) => el("th", { scope: "col", class: "number", dir: "auto", text: stepName(index) })), el("th", { scope: "col", text: "All the way" }))),
        el("tbody", {}, answer.rows.map((row) => {
          const bar = el("span", { class: "mini", "aria-hidden": "true" }, el("span"));
          bar.firstChild.style.setProperty("--part", (row.steps.at(-1).rate ?? 0) / most);
          return el("tr", {}, el("th", { scope: "row" }, el("button", { type: "button", class: "link", title: "Filter by this value", onclick: () => state.addFilter({ dim: by, op: "is", values: [row.key] }) }, data(valueName(by, row.key)))),
            cells(row), el("td", {}, el("span", { class: "with-bar" }, percent(row.steps.at(-1).rate), bar)));
        })))), answer.steps.length > 1 ? el("p", { class: "hint", text: "Orange: the step before which most are lost." }) : "");
    },
  });
  return panel;
}

/** Two or three events that many visitors do one after the other make a first funnel. */
async function suggest(place) {
  const { site, range, timezone } = scope();
  const answer = await query("values", { site, range, timezone, dim: "event", limit: 8 }).catch(() => ({ values: [] }));
  const names = answer.values.map((one) => one.value);
  const known = ["view_item", "product_view", "add_to_cart", "begin_checkout", "signup", "purchase"].filter((name) => names.includes(name));
  place.replaceChildren(names.length ? el("p", { class: "hint", text: "Start with a frequent event, or with an example:" }) : el("p", { class: "hint", text: "There are no events in this range." }),
    el("div", { class: "badges" },
      known.length > 1 ? el("button", { type: "button", onclick: () => setSteps(known.map((event) => ({ event, where: [] }))) }, icon("play"), data(known.join(" → "))) : null,
      names.slice(0, 6).map((name) => el("button", { type: "button", onclick: () => setSteps([{ event: name, where: [] }]) }, data(name)))));
}

/** Shows the view in `root`. */
export function mount(root) {
  const builder = new FunnelBuilder();
  const start = el("div", { class: "stack" });
  const chart = chartPanel();
  const list = [chart, timePanel(chart), breakdownPanel()];
  root.append(el("section", { class: "card", "aria-label": "Funnel" }, el("div", { class: "panel-head" }, el("h1", { class: "card-title", text: "Funnel" })), builder.element, start),
    chart.element, el("div", { class: "split" }, list[2].element, list[1].element));
  function update() {
    builder.update();
    const isEmpty = steps().length === 0;
    start.hidden = !isEmpty;
    if (isEmpty) suggest(start);
    chart.rename(`Conversion within ${windowName()}`);
    const { by } = options();
    list[2].rename(by ? `By ${dimensionName(by)}` : "Breakdown");
    list.forEach((panel) => panel.load());
  }
  update();
  const unsubscribe = schema.onLoad(() => builder.update());
  schema.load();
  return { update, close() { unsubscribe(); list.forEach((panel) => panel.close()); } };
}
