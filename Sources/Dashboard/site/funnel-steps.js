// Building a funnel: its steps with suggestions, filters of a step, order, and the options beneath.

import { combobox, suggestValues } from "./combo.js";
import { dimensionChoices } from "./dims.js";
import { el, icon, select } from "./dom.js";
import { chip, filterButton } from "./filters.js";
import * as schema from "./schema.js";
import * as state from "./state.js";

export const MOST_STEPS = 12;
const WINDOWS = [["5m", "5 minutes"], ["30m", "30 minutes"], ["1h", "1 hour"], ["1d", "1 day"], ["7d", "7 days"], ["14d", "14 days"], ["30d", "30 days"]];
const ORDERS = [["sequential", "In this order"], ["strict_order", "Directly one after the other"], ["any_order", "In any order"]];
const COUNTS = [["visitors", "Visitors"], ["sessions", "Visits"], ["attempts", "Attempts"]];

/** The steps of the address; those of the editor may be without an event yet. */
export const steps = () => state.all("s").map(stepOf);
const stepOf = (text) => state.stepFrom(text);
export const setSteps = (list) => state.set({ s: list.map(state.stepText) });
export const options = () => ({
  window: state.get("window", "1d"), order: state.get("order", "sequential"), count: state.get("count", "visitors"), by: state.get("by"),
});

export const windowName = () => WINDOWS.find(([value]) => value === options().window)?.[1] ?? options().window;

/** Whether a step says anything. */
export const isWhole = (step) => Boolean(step.event || step.where.length);

/** The form; `update()` draws it anew from the address, and keeps the field that is being typed in. */
export class FunnelBuilder {
  constructor() {
    this.list = el("ol", { class: "steps", "aria-label": "Steps" });
    this.options = el("div", { class: "options" });
    this.add = el("button", { type: "button", class: "quiet add-step", onclick: () => this.append() }, icon("plus"), "Add a step");
    this.element = el("div", { class: "builder" }, this.list, this.add, this.options);
  }

  append() {
    // An empty step belongs to the editor alone until it has an event.
    this.open = true;
    this.update();
    this.list.lastElementChild?.querySelector("input")?.focus();
  }

  update() {
    const list = steps();
    if (list.length === 0) this.open = true;
    const shown = JSON.stringify([list, this.open]);
    if (shown !== this.shown) {
      this.shown = shown;
      const drawn = [...list, ...(this.open && list.length < MOST_STEPS ? [{ event: "", where: [] }] : [])];
      this.list.replaceChildren(...drawn.map((step, index) => this.row(step, index, list)));
      this.add.hidden = this.open || list.length >= MOST_STEPS;
    }
    this.drawOptions();
  }

  row(step, index, list) {
    const isNew = index >= list.length;
    const replace = (changed) => setSteps(isNew ? [...list, changed] : list.map((one, other) => other === index ? changed : one));
    const move = (by) => {
      const next = [...list];
      next.splice(index + by, 0, ...next.splice(index, 1));
      setSteps(next);
    };
    const name = `Step ${index + 1}`;
    const field = combobox({
      label: `${name}: event`, placeholder: index ? "and then… (an event)" : "first… (an event)", value: step.event, suggest: suggestValues("event"),
      onpick: (event) => {
        if (event === step.event || (!event && isNew)) return;
        if (isNew) this.open = false;
        if (event || step.where.length) replace({ ...step, event: event ?? "" });
        else setSteps(list.filter((_, other) => other !== index));
        if (isNew) this.add.focus();
      },
    });
    const tool = (symbol, text, work, isOff) => el("button", { type: "button", class: "icon-only", "aria-label": `${text} step ${index + 1}`, title: text, disabled: isOff, onclick: work }, icon(symbol));
    return el("li", { class: "step" }, field.element,
      step.where.map((filter, position) => chip(filter, () => replace({ ...step, where: step.where.filter((_, other) => other !== position) }))),
      filterButton((filter) => {
        if (isNew) this.open = false;
        replace({ ...step, where: [...step.where, filter] });
      }, "where", `Add a filter to step ${index + 1}`),
      isNew ? (list.length ? tool("close", "Remove", () => { this.open = false; this.update(); }) : null) : el("span", { class: "step-tools" },
        tool("up", "Move up", () => move(-1), index === 0), tool("down", "Move down", () => move(1), index === list.length - 1),
        tool("close", "Remove", () => setSteps(list.filter((_, other) => other !== index)))));
  }

  drawOptions() {
    const { window, order, count, by } = options();
    const key = JSON.stringify([window, order, count, by, schema.now()?.dimensions.length]);
    if (key === this.drawnOptions) return;
    this.drawnOptions = key;
    this.options.replaceChildren(
      select("Within", WINDOWS, window, (value) => state.set({ window: value })),
      select("Order", ORDERS, order, (value) => state.set({ order: value === "sequential" ? null : value })),
      select("Count", COUNTS, count, (value) => state.set({ count: value === "visitors" ? null : value })),
      select("Break down by", [["", "nothing"], ...dimensionChoices(schema.now())], by, (value) => state.set({ by: value || null })));
  }
}
