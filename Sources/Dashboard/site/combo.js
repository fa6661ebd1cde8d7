// A text field with suggestions, as the ARIA practices describe a combobox with a list.

import { query } from "./api.js";
import { data, debounce, el } from "./dom.js";
import { compact } from "./format.js";
import { scope } from "./live.js";
import { valueName } from "./dims.js";

let count = 0;

/**
 * `suggest(text)` returns (a promise of) `[{value, note}]`; `onpick(value)` is called for a choice, and for what was
 * typed when Enter is pressed or the field is left.
 */
export function combobox({ label, value = "", placeholder = "", suggest, onpick, name = (one) => one, free = true, clear = false }) {
  const id = `combo-${count += 1}`;
  const list = el("ul", { role: "listbox", id, class: "suggestions", "aria-label": label, hidden: true });
  const input = el("input", {
    type: "text", role: "combobox", "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", autocomplete: "off",
    spellcheck: "false", "aria-label": label, placeholder, value, dir: "auto", onfocus: () => { input.select(); offer(""); },
    oninput: debounce(120, () => offer(input.value)), onkeydown: keys, onblur: () => setTimeout(leave, 120),
  });
  let options = [];
  let active = -1;
  let turn = 0;
  let settled = value;

  async function offer(text) {
    const mine = (turn += 1);
    const found = await Promise.resolve(suggest(text)).catch(() => []);
    if (mine !== turn || document.activeElement !== input) return;
    options = found;
    active = -1;
    list.replaceChildren(...found.map((one, index) => el("li", {
      role: "option", id: `${id}-${index}`, "aria-selected": "false",
      onmousedown: (event) => { event.preventDefault(); pick(one.value); },
    }, data(name(one.value)), one.note && el("small", { text: one.note }))));
    open(found.length > 0);
  }

  function open(wanted) {
    list.hidden = !wanted;
    input.setAttribute("aria-expanded", String(wanted));
    if (!wanted) input.removeAttribute("aria-activedescendant");
  }

  function pick(chosen) {
    turn += 1;
    open(false);
    settled = clear ? "" : chosen === null ? "" : String(name(chosen));
    input.value = settled;
    onpick(chosen);
  }

  function leave() {
    if (document.activeElement === input) return;
    open(false);
    if (!clear && free && input.value !== settled) pick(input.value);
  }

  function keys(event) {
    if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      event.preventDefault();
      open(false);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (list.hidden) return void offer(input.value === settled ? "" : input.value);
      active = (active + (event.key === "ArrowDown" ? 1 : options.length)) % options.length;
      [...list.children].forEach((one, index) => one.setAttribute("aria-selected", String(index === active)));
      list.children[active]?.scrollIntoView({ block: "nearest" });
      input.setAttribute("aria-activedescendant", `${id}-${active}`);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (active >= 0 && options[active]) pick(options[active].value);
      else if (free && input.value !== "") pick(input.value);
    }
  }

  const element = el("span", { class: "combo" }, input, list);
  return { element, input };
}

/** Suggests the values of a dimension, the most frequent first. */
export function suggestValues(dim) {
  return async (text) => {
    const { site, range, timezone } = scope();
    const answer = await query("values", { site, range, timezone, dim, limit: 12, ...(text ? { prefix: text } : {}) }, { isUrgent: true });
    return answer.values.map(({ value, events }) => ({ value, note: compact(events) }));
  };
}

/** How a dimension's values are shown in a list of suggestions. */
export const namer = (dim) => (value) => valueName(dim, value);
