// The frame of everything that shows an answer: title, menu, waiting, failing, exporting, asking again.

import { hold, query } from "./api.js";
import { el, icon, spoken } from "./dom.js";
import { copyCall, downloadCSV, downloadJSON } from "./export.js";
import * as live from "./live.js";
import { toast } from "./toast.js";

/** A panel rests this many times as long as its answer took before it asks again. */
const REST = 5;
let count = 0;

/** Panels that came into sight in one frame ask in the order in which they stand, whichever the browser names first. */
const arrived = new Set();
/** The others let a panel that leads have the server to itself for so many milliseconds. */
const LEAD = 500;
let leading = null;
function arrive(panel) {
  if (!arrived.size) {
    const release = hold();
    setTimeout(async () => {
      const list = [...arrived].sort((one, other) => one.number - other.number);
      arrived.clear();
      const ask = (one) => {
        one.isQueued = false;
        one.load();
      };
      if (list[0].options.leads) {
        ask(list[0]);
        leading = live.begun(LEAD);
      }
      await leading;
      list.forEach(ask);
      release();
    });
  }
  panel.isQueued = panel.key === undefined;
  arrived.add(panel);
}

/**
 * A panel shows one query's answer. `options`: `title`; `ask()`, which returns `{kind, body}`, `null` for nothing to
 * ask, or `undefined` while that is not known; `key(question)`, what tells questions apart; `fetch`, another way to an answer; `draw(content, answer)`; `table(answer)`, the same as `{head, rows}` for files and, with `chart`, as an
 * alternative to the drawing; `whole(question, answer)`, both with what is shown beside them; `place`, the element whose
 * sight counts, if not its own; `leads`, whether its answer is what is looked at first; `rest`, how many times as long as its answer took it waits before it asks again; `tools`, elements for the head; `empty(answer)`, whether there is nothing to show.
 */
export class Panel {
  constructor(options) {
    this.options = options;
    this.number = count += 1;
    this.id = `panel-${this.number}`;
    this.title = el("h2", { id: this.id, text: options.title });
    this.content = el("div", { class: "content" });
    this.note = el("p", { class: "note", hidden: true });
    this.body = el("div", { class: "panel-body skeleton" }, this.content, this.note);
    this.head = el("div", { class: "panel-head" }, options.heading ?? this.title, ...(options.tools ?? []), this.menu());
    this.element = el("section", { class: `card ${options.class ?? ""}`, "aria-labelledby": this.id, "aria-busy": "true" }, this.head, this.body);
    if (options.heading) this.element.prepend(el("h2", { class: "spoken", id: this.id, text: options.title }));
    this.isNear = this.isVisible = false;
    this.asTable = false;
    const see = (name, rootMargin) => {
      const observer = new IntersectionObserver((entries) => {
        this[name] = entries.at(-1).isIntersecting;
        if (this[name]) arrive(this);
      }, { rootMargin });
      observer.observe(options.place ?? this.element);
      return observer;
    };
    // What will soon be in sight is asked for; what was asked for is asked again when it is.
    this.observers = [see("isNear", "200px"), see("isVisible", "0px")];
    this.unsubscribe = live.subscribe((what) => {
      if (what === "data") this.load();
    });
  }

  rename(title) {
    this.options.title = title;
    this.element.querySelector("h2").textContent = title;
    this.summary.setAttribute("aria-label", `Options of ${title}`);
  }

  menu() {
    const entry = (name, text, work) => el("button", { type: "button", onclick: () => { menu.open = false; work(); } }, icon(name), text);
    const { title, table, chart } = this.options;
    this.switch = chart && entry("table", "Show as table", () => this.showAsTable(!this.asTable));
    this.summary = el("summary", { "aria-label": `Options of ${title}`, title: "Options" }, icon("more"));
    const menu = el("details", { class: "menu" }, this.summary, el("div", { class: "menu-list" },
      this.switch,
      entry("code", "Copy as API call", async () => {
        if (this.asked && await copyCall(this.asked.kind, this.whole().body)) toast("Copied: paste it into a shell.");
      }),
      table && entry("download", "Download CSV", () => this.answer && downloadCSV(this.options.title, table(this.answer))),
      entry("download", "Download JSON", () => this.answer && downloadJSON(this.options.title, this.whole().answer))));
    return menu;
  }

  whole() {
    return this.options.whole?.(this.asked, this.answer) ?? { body: this.asked.body, answer: this.answer };
  }

  showAsTable(wanted) {
    this.asTable = wanted;
    this.switch.replaceChildren(icon(wanted ? "chart" : "table"), wanted ? "Show as chart" : "Show as table");
    this.content.replaceChildren();
    this.content.keyed = undefined;
    this.drawn = undefined;
    if (this.answer) this.show(this.answer);
  }

  /** Asks if there is something new to ask and the panel is in sight; a new question also if it is not far from it. */
  async load() {
    if (!this.isNear || this.isQueued || this.closed) return;
    const question = this.options.ask();
    const key = question && (this.options.key ?? JSON.stringify)(question);
    const isSame = key === this.key;
    const version = live.current();
    if (isSame && (version === this.version || this.isAsking || !this.isVisible)) return;
    if (isSame && this.restUntil > performance.now()) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), this.restUntil - performance.now());
      return;
    }
    clearTimeout(this.timer);
    this.controller?.abort();
    this.key = key;
    this.question = question;
    this.version = version;
    if (question === undefined) return;
    if (!question) return this.say(this.options.idle ?? "");
    if (!isSame) this.element.classList.toggle("stale", Boolean(this.answer));
    this.controller = new AbortController();
    const { signal } = this.controller;
    this.isAsking = true;
    const began = performance.now();
    try {
      const answer = await (this.options.fetch ?? query)(question.kind, question.body, { signal, isUrgent: !isSame });
      if (signal.aborted) return;
      this.restUntil = performance.now() + Math.max(900, (performance.now() - began) * (this.options.rest ?? REST));
      this.asked = question;
      this.answer = answer;
      this.show(answer);
    } catch (error) {
      if (signal.aborted) return;
      this.version = -1;
      this.restUntil = performance.now() + 2000;
      // What was there stays while the server is away; a question that is wrong is told.
      if (!this.answer || !isSame || error.status) this.say(error.status ? error.message : "The server cannot be reached.", true);
    } finally {
      if (this.controller.signal === signal) this.isAsking = false;
    }
    if (live.current() !== this.version && !signal.aborted) this.load();
  }

  show(answer) {
    this.ready();
    const { meta, ...rest } = answer;
    const drawn = JSON.stringify([this.key, rest]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const isEmpty = this.options.empty?.(answer) ?? false;
    this.content.hidden = isEmpty;
    this.note.hidden = !isEmpty;
    if (isEmpty) this.note.textContent = this.options.nothing ?? "Nothing in this range.";
    else if (this.asTable) this.content.replaceChildren(dataTable(this.options.table(answer), this.options.title));
    else this.options.draw(this.content, answer);
  }

  /** Shows words instead of an answer. */
  say(text, isError = false) {
    this.ready();
    this.drawn = undefined;
    this.content.hidden = true;
    this.note.hidden = false;
    this.note.textContent = text;
    this.note.classList.toggle("error", isError);
    if (isError) this.note.setAttribute("role", "alert");
  }

  ready() {
    this.element.classList.remove("stale");
    this.element.setAttribute("aria-busy", "false");
    this.body.classList.remove("skeleton");
    this.note.classList.remove("error");
    this.note.removeAttribute("role");
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    for (const observer of this.observers) observer.disconnect();
    this.unsubscribe();
    this.controller?.abort();
  }
}

/** Rows and columns for everybody: what a drawing shows, in words and numbers. */
export function dataTable({ head, rows }, caption) {
  const isNumber = (index) => rows.some((row) => typeof row[index] === "number");
  const shown = (value) => value === null || value === undefined ? "–" : typeof value === "number" ? value.toLocaleString() : value;
  return el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, el("table", { class: "data" },
    el("caption", {}, spoken(caption)),
    el("thead", {}, el("tr", {}, head.map((name, index) => el("th", { scope: "col", class: isNumber(index) && "number", text: name })))),
    el("tbody", {}, rows.slice(0, 2000).map((row) => el("tr", {}, row.map((value, index) => el(index ? "td" : "th", {
      scope: index ? undefined : "row", dir: "auto", class: isNumber(index) && "number", text: shown(value),
    })))))));
}

// One menu at a time, and none after a click elsewhere or Escape.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
