// Dialogs: the browser's own, which keep the focus inside and give it back.

import { el, icon } from "./dom.js";

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

/** Asks for the key that the server wants. */
export function askKey(wasRefused) {
  return openDialog("This server asks for a key", (close) => {
    const input = el("input", { type: "password", autocomplete: "off", required: true, "aria-label": "Key", autofocus: true });
    return el("form", { class: "stack", onsubmit: (event) => { event.preventDefault(); close(input.value.trim()); } },
      el("p", { text: wasRefused ? "The key was not accepted. Enter another one with the right to read." : "Enter a key with the right to read. It is kept until this tab is closed." }),
      input, el("button", { class: "primary", text: "Continue" }));
  }, { class: "narrow" });
}
