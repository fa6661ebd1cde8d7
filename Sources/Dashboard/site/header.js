// The head of the page: site, views, range, compare, filters, link, and whether what is seen is live.

import { askSite } from "./dialog.js";
import { el, icon, select, setText } from "./dom.js";
import { copy } from "./export.js";
import { FilterBar, filterButton } from "./filters.js";
import * as live from "./live.js";
import { rangeMenu } from "./rangemenu.js";
import * as state from "./state.js";
import { toast } from "./toast.js";

export const VIEWS = [["overview", "Overview"], ["funnels", "Funnels"], ["retention", "Retention"], ["paths", "Paths"], ["events", "Events"]];

/** No site has such a name. */
const OTHER = "*";
const words = { live: "Live", connecting: "Connecting…", lost: "Reconnecting…", paused: "Paused", failed: "Not live" };

export class Header {
  constructor() {
    this.sites = [];
    this.siteField = el("span");
    this.views = el("nav", { class: "views", "aria-label": "Views" });
    this.range = el("span", { class: "range" });
    this.filterBar = new FilterBar();
    this.statusText = el("span", { class: "status-text" });
    this.status = el("button", { type: "button", class: "quiet live-status", onclick: () => live.pause(!live.isPaused()) },
      el("span", { class: "dot", "aria-hidden": "true" }), this.statusText);
    const share = el("button", {
      type: "button", class: "quiet", title: "Copy a link to what you see", onclick: async () => {
        if (await copy(location.href)) toast("The link is copied. It shows the same site, range, filters and view.");
      },
    }, icon("link"), el("span", { class: "wide-only", text: "Share" }), el("span", { class: "spoken", text: " a link to this view" }));
    this.element = el("div", { class: "head" },
      el("div", { class: "head-row" },
        el("a", { class: "brand", href: "/", "aria-label": "Weir, start page" }, el("img", { src: new URL("./logo.svg", import.meta.url).href, alt: "", width: 26, height: 26 }), el("span", { text: "Weir" })),
        this.siteField, this.views, el("span", { class: "grow" }), this.status, share),
      el("div", { class: "head-row controls" }, this.range, filterButton(state.addFilter), this.filterBar.element));
    live.subscribe(() => this.showStatus());
    this.showStatus();
  }

  setSites(names) {
    this.sites = names;
    this.shown = undefined;
  }

  update() {
    this.drawViews();
    const site = state.get("site", "default");
    const drawn = [site, state.get("range"), state.get("compare"), state.get("tz"), state.get("interval"), ...this.sites].join("|");
    if (drawn !== this.shown) {
      this.shown = drawn;
      const names = [...new Set([site, ...this.sites])].sort();
      const choice = select("Site", [...names.map((name) => [name, name]), [OTHER, "Another site…"]], site, async (value) => {
        const wanted = value === OTHER ? await askSite() : value;
        if (wanted) state.set({ site: wanted, f: null, s: null });
        else choice.querySelector("select").value = site;
      });
      choice.classList.add("site");
      choice.firstChild.classList.add("spoken");
      this.siteField.replaceChildren(choice);
      this.range.replaceChildren(rangeMenu());
    }
    this.filterBar.update();
  }

  drawViews() {
    const chosen = state.get("view");
    this.views.replaceChildren(...VIEWS.map(([name, text]) => el("a", {
      href: state.address({ view: name }), "aria-current": name === chosen ? "page" : undefined, text,
      onclick: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        state.set({ view: name });
        this.views.querySelector("[aria-current]")?.focus();
      },
    })));
  }

  showStatus() {
    const name = live.connection();
    setText(this.statusText, words[name] ?? name);
    this.status.dataset.state = name;
    this.status.setAttribute("aria-label", `${words[name] ?? name}. ${name === "paused" ? "Go on" : "Pause"}`);
    this.status.title = name === "paused" ? "Go on" : "Pause updates";
  }
}
