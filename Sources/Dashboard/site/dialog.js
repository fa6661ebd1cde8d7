// Dialogs: the browser's own, which keep the focus inside and give it back.

import { el, icon } from "./dom.js";
import * as state from "./state.js";

/** A dialog with a title; resolves with what `close(value)` gets, `null` for Escape. */
export function openDialog(title, fill, attributes) {
  return new Promise((resolve) => {
    let result = null;
    const close = (value) => {
      result = value;
      dialog.close();
    };
    const dialog = el("dialog", { "aria-label": title, ...attributes, onclose: () => {
      dialog.remove();
      resolve(result);
    }, onclick: (event) => { if (event.target === dialog) close(null); } },
    el("div", { class: "dialog-body" },
      el("div", { class: "panel-head" }, el("h2", { text: title }),
        el("button", { type: "button", class: "quiet icon-only", "aria-label": "Close", onclick: () => close(null) }, icon("close"))),
      fill(close)));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Asks for the key that the server wants, and for the site, since a key may be good for one alone. */
export async function askKey(wasRefused) {
  const known = state.get("site", "default");
  const given = await openDialog("This server asks for a key", (close) => {
    const key = el("input", { type: "password", autocomplete: "off", required: true, autofocus: true });
    const site = siteInput(known);
    return el("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); close({ key: key.value.trim(), site: site.value.trim() }); } },
      el("p", { text: wasRefused ? "The key was not accepted for this site. Enter another one with the right to read." : "Enter a key with the right to read. It is kept until this tab is closed." }),
      el("label", { class: "stack" }, "Key", key), el("label", { class: "stack" }, "Site", site), el("button", { class: "primary", text: "Continue" }));
  }, { class: "narrow" });
  if (given && given.site !== known) state.set({ site: given.site, f: null, s: null });
  return given?.key ?? null;
}

const siteInput = (value) => el("input", { type: "text", required: true, pattern: "[A-Za-z0-9._\\-]{1,64}", maxlength: 64, value, autocomplete: "off", spellcheck: "false", title: "Letters, digits, dots, lines and dashes" });

/** Asks for the name of a site. */
export function askSite() {
  return openDialog("Which site?", (close) => {
    const site = siteInput("");
    return el("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); close(site.value.trim()); } },
      el("label", { class: "stack" }, "Site", site), el("button", { class: "primary", text: "Show" }));
  }, { class: "narrow" });
}
