// Choosing a range of time, its comparison and the time zone.

import { el, icon, select } from "./dom.js";
import { PRESETS, customDays, dayOf, isZone, rangeName, zone } from "./ranges.js";
import * as state from "./state.js";

function zones() {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const list = Intl.supportedValuesOf?.("timeZone") ?? ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Tokyo"];
  return [...new Set(["UTC", own, zone(), ...list])].filter(isZone).map((name) => [name, name.replaceAll("_", " ")]);
}

/** A button with the range's name that unfolds everything about time. */
export function rangeMenu() {
  const chosen = state.get("range");
  const list = el("div", { class: "menu-list time" });
  const menu = el("details", { class: "menu", ontoggle: () => { if (menu.open) fill(); } },
    el("summary", { class: "button", "aria-label": `Range: ${rangeName(chosen)}` }, rangeName(chosen), icon("down")), list);

  function choose(changes) {
    menu.open = false;
    state.set(changes);
    document.querySelector(".range summary")?.focus();
  }

  function fill() {
    const today = dayOf(Date.now(), zone());
    const [first, last] = customDays(chosen) ?? [today.slice(0, 8) + "01", today];
    const from = el("input", { type: "date", value: first, max: today, "aria-label": "First day", required: true });
    const to = el("input", { type: "date", value: last, max: today, "aria-label": "Last day", required: true });
    list.replaceChildren(
      el("div", { class: "choices" }, PRESETS.map(([name, text]) => el("button", {
        type: "button", "aria-pressed": String(name === chosen), onclick: () => choose({ range: name, interval: null }), text,
      }))),
      el("form", {
        class: "own-range", onsubmit: (event) => {
          event.preventDefault();
          const days = [from.value, to.value].sort();
          choose({ range: days.join(".."), interval: null });
        },
      }, from, el("span", { "aria-hidden": "true", text: "–" }), to, el("button", { class: "primary", text: "Apply" })),
      el("label", { class: "check" }, el("input", {
        type: "checkbox", ...(state.get("compare") === "1" ? { checked: true } : {}), onchange: (event) => choose({ compare: event.target.checked ? null : "0" }),
      }), "Compare with the period before"),
      select("Time zone", zones(), zone(), (value) => choose({ tz: value })));
  }
  return menu;
}
