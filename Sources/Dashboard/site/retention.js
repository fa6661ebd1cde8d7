// Retention: of those who began in an interval, how many came back in the ones after it.

import { combobox, suggestValues } from "./combo.js";
import { el, select } from "./dom.js";
import { dayName, number, percent } from "./format.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import * as state from "./state.js";

const ANY = "Any event";
const INTERVALS = [["day", "Days"], ["week", "Weeks"], ["month", "Months"]];
const MODES = [["on", "In that very interval"], ["on_or_after", "Then or later"]];
const LENGTHS = { day: 14, week: 9, month: 12 };

const options = () => ({
  start: state.get("start"), back: state.get("return"), every: state.get("every", "week"), mode: state.get("mode", "on"), shown: state.get("cells", "percent"),
});
const step = (event) => event ? { event } : { where: [] };

/** The mean of each column over the cohorts whose interval is over, weighted by their size. */
function means(answer) {
  // As many columns as have a number.
  const length = Math.max(...answer.rows.map((row) => row.returned.findLastIndex((count) => count !== null) + 1), 0);
  return Array.from({ length }, (_, index) => {
    const whole = answer.rows.filter((row) => index < row.complete && row.size > 0 && row.returned[index] !== null);
    const size = whole.reduce((sum, row) => sum + row.size, 0);
    return size ? whole.reduce((sum, row) => sum + row.returned[index], 0) / size : null;
  });
}

function paint(cell, part) {
  if (part === null) return cell;
  cell.style.setProperty("--part", part);
  cell.classList.add("filled");
  return cell;
}

function draw(content, answer) {
  const { every, shown } = options();
  const rows = answer.rows.filter((row) => row.size > 0);
  const mean = means(answer);
  const unit = { day: "Day", week: "Week", month: "Month" }[every];
  const format = { day: undefined, week: undefined, month: { month: "short", year: "numeric" } }[every];
  const body = rows.map((row) => el("tr", {}, el("th", { scope: "row", text: dayName(row.cohort, format) }), el("td", { class: "size", text: number(row.size) }),
    row.returned.slice(0, mean.length).map((count, index) => {
      if (count === null) return el("td");
      const part = row.size ? count / row.size : null;
      const isOpen = index >= row.complete;
      return paint(el("td", {
        class: isOpen ? "open" : undefined, title: `${number(count)} of ${number(row.size)}${isOpen ? "; not over yet" : ""}`,
        text: shown === "percent" ? percent(part) : number(count),
      }), part);
    })));
  content.replaceChildren(el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Retention" }, el("table", { class: "heat" }, el("caption", { class: "spoken", text: "Visitors who came back, by when they began" }),
    el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "Began" }), el("th", { scope: "col", text: "Visitors" }), mean.map((_, index) => el("th", { scope: "col", text: `${unit} ${index}` })))),
    el("tbody", {}, el("tr", { class: "mean" }, el("th", { scope: "row", text: "Mean" }), el("td"), mean.map((part) => part === null ? el("td") : paint(el("td", { text: percent(part) }), part))), body))),
  el("p", { class: "hint", text: "A dashed frame marks an interval that is not over: its number may still grow." }));
}

/** Shows the view in `root`. */
export function mount(root) {
  const form = el("div", { class: "options" });
  const panel = new Panel({
    title: "Retention",
    ask() {
      const { start, back, every, mode } = options();
      return { kind: "retention", body: scope({ start: step(start), return: step(back), interval: every, intervals: LENGTHS[every], ...(mode !== "on" ? { mode } : {}) }) };
    },
    empty: (answer) => !answer.rows.some((row) => row.size > 0),
    table: (answer) => ({
      head: ["Began", "Visitors", ...(answer.rows[0]?.returned ?? []).map((_, index) => `After ${index}`)],
      rows: answer.rows.map((row) => [row.cohort, row.size, ...row.returned]),
    }),
    draw,
  });
  let drawn;
  function update() {
    const now = options();
    if (JSON.stringify(now) !== drawn) {
      drawn = JSON.stringify(now);
      const field = (label, name, value) => el("label", { class: "field" }, el("span", { text: label }), combobox({
        label, value, placeholder: ANY, suggest: async (text) => [...(text ? [] : [{ value: "", note: "" }]), ...await suggestValues("event")(text)],
        name: (one) => one || ANY, onpick: (event) => state.set({ [name]: event && event !== ANY ? event : null }),
      }).element);
      form.replaceChildren(field("Began with", "start", now.start), field("Came back with", "return", now.back),
        select("Every", INTERVALS, now.every, (value) => state.set({ every: value === "week" ? null : value })),
        select("Counts as back", MODES, now.mode, (value) => state.set({ mode: value === "on" ? null : value })),
        select("Show", [["percent", "Shares"], ["number", "Numbers"]], now.shown, (value) => state.set({ cells: value === "percent" ? null : value })));
      panel.drawn = undefined;
      if (panel.answer) panel.show(panel.answer);
    }
    panel.load();
  }
  root.append(el("section", { class: "card", "aria-label": "Cohorts" }, el("div", { class: "panel-head" }, el("h1", { class: "card-title", text: "Who comes back?" })), form), panel.element);
  update();
  return { update, close: () => panel.close() };
}
