// The filters that hold for everything shown, as chips, and the form that adds one.

import { combobox, namer, suggestValues } from "./combo.js";
import { OPERATORS, dimensionChoices, dimensionName, filterWords } from "./dims.js";
import { data, el, icon, select } from "./dom.js";
import * as schema from "./schema.js";
import * as state from "./state.js";

const several = new Set(["is", "is_not", "contains", "starts_with", "ends_with"]);

/** A chip that says a filter and takes it away. */
export function chip(filter, remove) {
  const words = filterWords(filter);
  return el("span", { class: "chip" }, data(words),
    el("button", { type: "button", class: "icon-only", "aria-label": `Remove the filter ${words}`, onclick: remove }, icon("close")));
}

/** A form for one filter; `done` gets it. */
export function filterForm(done) {
  let dim = "event";
  let op = "is";
  let values = [];
  const place = el("span", { class: "value-place" });
  const chosen = el("span", { class: "chips" });
  const dims = el("span");
  const button = el("button", { type: "submit", class: "primary", text: "Add filter" });

  function drawChosen() {
    chosen.replaceChildren(...values.map((value, index) => el("span", { class: "chip" }, data(namer(dim)(value)),
      el("button", { type: "button", class: "icon-only", "aria-label": "Remove this value", onclick: () => { values.splice(index, 1); drawChosen(); } }, icon("close")))));
    button.disabled = values.length === 0;
  }
  function take(value) {
    if (several.has(op)) {
      if (!values.includes(value)) values.push(value);
    } else {
      values = [op === "exists" ? value : value];
    }
    drawChosen();
  }
  function drawValue() {
    values = [];
    drawChosen();
    if (op === "exists") {
      place.replaceChildren(select("Value", [["true", "has a value"], ["false", "is missing"]], "true", (value) => take(value === "true")));
      take(true);
      return;
    }
    const field = combobox({
      label: "Value", placeholder: "Value", clear: several.has(op), suggest: suggestValues(dim), name: namer(dim), onpick: take,
    });
    place.replaceChildren(field.element);
  }
  const drawDims = () => dims.replaceChildren(select("Dimension", dimensionChoices(schema.now()), dim, (value) => { dim = value; drawValue(); }));
  drawDims();
  schema.load()?.then(drawDims);
  drawValue();
  return el("form", {
    class: "filter-form", onsubmit: (event) => {
      event.preventDefault();
      const typed = place.querySelector("input")?.value;
      if (!values.length && typed) take(typed);
      if (values.length) done({ dim, op, values });
    },
  }, dims, select("Operator", Object.entries(OPERATORS), op, (value) => { op = value; drawValue(); }), place, chosen, button);
}

/** A button that unfolds the form. */
export function filterButton(done, text = "Filter", name = "Add a filter") {
  const place = el("div", { class: "menu-list wide" });
  const summary = el("summary", { "aria-label": name, class: "button" }, icon("filter"), text);
  const menu = el("details", {
    class: "menu", ontoggle: () => {
      if (!menu.open) return;
      place.replaceChildren(filterForm((filter) => { menu.open = false; summary.focus(); done(filter); }));
      place.querySelector("select")?.focus();
    },
  }, summary, place);
  return menu;
}

/** The row of chips under the header. */
export class FilterBar {
  constructor() {
    this.element = el("div", { class: "chips filters", role: "group", "aria-label": "Filters" });
  }

  update() {
    const list = state.filters();
    this.element.hidden = list.length === 0;
    this.element.replaceChildren(
      ...list.map((filter, index) => chip(filter, () => state.setFilters(list.filter((_, other) => other !== index)))),
      list.length > 1 ? el("button", { type: "button", class: "quiet", onclick: () => state.setFilters([]), text: "Clear all" }) : "");
  }
}

export { dimensionName };
