// Light, dark, or as the system says.

import { el, icon } from "./dom.js";

const KEY = "weir.theme";
const names = { auto: "Theme: as the system", light: "Theme: light", dark: "Theme: dark" };

function read() {
  try {
    return localStorage.getItem(KEY) ?? "auto";
  } catch {
    return "auto";
  }
}

function apply(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

apply(read());

/** A button that goes on to the next theme. */
export function themeButton() {
  let theme = names[read()] ? read() : "auto";
  const label = el("span", { text: names[theme] });
  return el("button", {
    type: "button", class: "quiet", onclick: () => {
      theme = { auto: "light", light: "dark", dark: "auto" }[theme];
      apply(theme);
      label.textContent = names[theme];
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // It holds until the page is left.
      }
    },
  }, icon("theme"), label);
}
