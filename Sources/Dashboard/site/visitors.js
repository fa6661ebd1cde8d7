// The visitors of a funnel's step, page by page; each leads to what that visitor did.

import { query } from "./api.js";
import { openDialog } from "./dialog.js";
import { data, el, setText } from "./dom.js";
import { downloadCSV } from "./export.js";
import { number } from "./format.js";
import * as state from "./state.js";

const PAGE = 100;
const MOST = 100_000;

/** Lists who is meant by a query of `funnel/visitors`. */
export function showVisitors(title, body, what) {
  return openDialog(title, (close) => {
    const total = el("p", { class: "hint", role: "status", text: "Looking…" });
    const list = el("ul", { class: "people" });
    const more = el("button", { type: "button", class: "plain", text: "Show more", hidden: true, onclick: load });
    const save = el("button", { type: "button", class: "plain", text: "Download all as CSV", hidden: true, onclick: all });
    let cursor;

    const ask = (limit, from) => query("funnel/visitors", { ...body, limit, ...(from ? { cursor: from } : {}) }, { isUrgent: true });
    async function load() {
      try {
        const answer = await ask(PAGE, cursor);
        cursor = answer.cursor;
        setText(total, `${number(answer.total)} ${what === "visitors" ? what : `visitors with such ${what}`}`);
        list.append(...answer.visitors.map(({ visitor, count }) => el("li", {},
          el("button", { type: "button", class: "link", onclick: () => {
            close(visitor);
            state.set({ view: "events", f: [...state.filters(), { dim: "visitor", op: "is", values: [visitor] }].map(state.filterText) });
          } }, data(visitor)), count > 1 ? el("small", { class: "hint", text: ` ${number(count)} ${what}` }) : "")));
        more.hidden = !cursor;
        save.hidden = answer.total === 0;
      } catch (error) {
        total.textContent = error.message;
      }
    }
    async function all() {
      save.disabled = true;
      const rows = [];
      for (let from; rows.length < MOST;) {
        const answer = await ask(10_000, from);
        rows.push(...answer.visitors.map(({ visitor, count }) => [visitor, count]));
        from = answer.cursor;
        if (!from) break;
      }
      downloadCSV("visitors", { head: ["visitor", "count"], rows });
      save.disabled = false;
    }
    load();
    return el("div", {}, total, list, el("div", { class: "options" }, more, save));
  });
}
