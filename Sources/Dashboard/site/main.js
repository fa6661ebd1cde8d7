// Begins: reads the address, draws the frame, and shows the view that the address names.

import { onKeyNeeded, sites } from "./api.js";
import { askKey } from "./dialog.js";
import { el } from "./dom.js";
import { Header, VIEWS } from "./header.js";
import * as live from "./live.js";
import * as schema from "./schema.js";
import * as state from "./state.js";
import { themeButton } from "./theme.js";
import { rangeName, zone } from "./ranges.js";

const LAST_SITE = "weir.site";
const loaders = {
  overview: () => import("./overview.js"), funnels: () => import("./funnel.js"), retention: () => import("./retention.js"),
  paths: () => import("./paths.js"), events: () => import("./events.js"),
};

let shown = { name: "", close() {} };
const header = new Header();

function lastSite() {
  try {
    return localStorage.getItem(LAST_SITE);
  } catch {
    return null;
  }
}

/** The address always says site, range and zone, so that whoever gets it sees the same numbers. */
async function settle() {
  const zoneName = state.get("tz") || zone();
  let site = state.get("site");
  const known = await sites().catch(() => []);
  if (!site) {
    const last = lastSite();
    site = known.includes(last) ? last : known.includes("default") || !known.length ? "default" : known[0];
  }
  header.setSites(known);
  state.set({ site, tz: zoneName, range: state.get("range") }, { replace: true, silent: true });
}

async function show() {
  const name = loaders[state.get("view")] ? state.get("view") : "overview";
  try {
    localStorage.setItem(LAST_SITE, state.get("site"));
  } catch {
    // Nothing but a convenience.
  }
  document.title = `${VIEWS.find(([key]) => key === name)[1]} · ${state.get("site")} · ${rangeName(state.get("range"))} – Weir`;
  document.getElementById("zone-note").textContent = `Times in ${zone()}`;
  header.update();
  live.follow();
  if (shown.name === name) return shown.update?.();
  shown.close();
  const main = document.getElementById("main");
  shown = { name, close() {} };
  const module = await loaders[name]();
  if (shown.name !== name) return;
  const root = el("div", { class: `view ${name}` });
  main.replaceChildren(root);
  shown = { name, ...module.mount(root) };
}

onKeyNeeded(askKey);
document.getElementById("top").append(header.element);
document.getElementById("theme").append(themeButton());
schema.start();
// A site in the address can be shown before the list of sites is there.
if (state.get("site")) show();
settle().then(() => {
  state.onChange(show);
  show();
});
