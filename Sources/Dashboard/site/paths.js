// Paths: what visitors do after a start, or before an end.

import { combobox, namer, suggestValues } from "./combo.js";
import { dimensionChoices, dimensionName, valueName } from "./dims.js";
import { el, select } from "./dom.js";
import { number } from "./format.js";
import { scope } from "./live.js";
import { Panel } from "./panel.js";
import { sankey } from "./sankey.js";
import * as schema from "./schema.js";
import * as state from "./state.js";

const ANY = "the first of a visit";
const options = () => ({
  by: state.get("by", "path"), depth: Number(state.get("depth", "4")), from: state.get("from") === "end" ? "end" : "start",
  at: state.get("at"), limit: Number(state.get("nodes", "6")), only: state.get("only", state.get("by", "path") === "path" ? "page_view" : ""),
});

function body() {
  const { by, depth, from, at, limit, only } = options();
  const where = [...(scope().where ?? []), ...(only ? [{ dim: "event", op: "is", values: [only] }] : [])];
  return scope({
    by, depth, limit, ...(where.length ? { where } : {}), ...(at || from === "end" ? { [from]: at ? { where: [{ dim: by, op: "is", values: [at] }] } : { where: [] } } : {}),
  });
}

/** Shows the view in `root`. */
export function mount(root) {
  const form = el("div", { class: "options" });
  const nameOf = (node) => node.other ? `${number(node.values)} others` : valueName(options().by, node.key);
  const panel = new Panel({
    title: "Paths", chart: true, ask: () => ({ kind: "paths", body: body() }), empty: (answer) => answer.nodes.length === 0,
    table(answer) {
      const byId = new Map(answer.nodes.map((node) => [node.id, node]));
      return { head: ["Step", "From", "To", "Count"], rows: answer.links.map((link) => [String(byId.get(link.source).step + 1), nameOf(byId.get(link.source)), nameOf(byId.get(link.target)), link.count]) };
    },
    draw(content, answer) {
      const width = Math.max(560, content.clientWidth || 900);
      content.replaceChildren(el("div", { class: "sankey-box" }, sankey(answer, width, {
        name: nameOf, onpick: (node) => { if (!node.other && node.key !== null) state.set({ at: String(node.key) }); },
      })), el("p", { class: "hint", text: `${number(answer.paths)} paths. Click a node to begin there; the orange edge shows who ends.` }));
    },
  });
  const redraw = new ResizeObserver(() => {
    if (Math.abs((panel.width ?? 0) - root.clientWidth) < 2) return;
    panel.width = root.clientWidth;
    panel.drawn = undefined;
    if (panel.answer && !panel.asTable) panel.show(panel.answer);
  });
  redraw.observe(root);
  let drawn;
  function update() {
    const now = options();
    const key = JSON.stringify([now, schema.now()?.dimensions.length]);
    if (key !== drawn) {
      drawn = key;
      const field = (label, value, dim, placeholder, onpick) => el("label", { class: "field" }, el("span", { text: label }), combobox({
        label, value, placeholder, suggest: async (text) => [...(text ? [] : [{ value: "" }]), ...await suggestValues(dim)(text)],
        name: (one) => one === "" ? placeholder : namer(dim)(one), onpick: (one) => onpick(one && one !== placeholder ? one : ""),
      }).element);
      form.replaceChildren(
        select("Paths of", dimensionChoices(schema.now()), now.by, (value) => state.set({ by: value === "path" ? null : value, at: null, only: null })),
        select("Direction", [["start", "starting with"], ["end", "leading to"]], now.from, (value) => state.set({ from: value === "start" ? null : value })),
        field(dimensionName(now.by), now.at, now.by, now.from === "end" ? "the last of a visit" : ANY, (value) => state.set({ at: value || null })),
        field("Only events", now.only, "event", "all", (value) => state.set({ only: value })),
        select("Steps", ["2", "3", "4", "5", "6"].map((value) => [value, value]), String(now.depth), (value) => state.set({ depth: value === "4" ? null : value })),
        select("Nodes a step", ["4", "6", "10", "15"].map((value) => [value, value]), String(now.limit), (value) => state.set({ nodes: value === "6" ? null : value })));
    }
    panel.load();
  }
  root.append(el("section", { class: "card", "aria-label": "Paths shown" }, el("div", { class: "panel-head" }, el("h1", { class: "card-title", text: "Where do they go?" })), form), panel.element);
  update();
  const unsubscribe = schema.onLoad(update);
  schema.load();
  return { update, close() { unsubscribe(); redraw.disconnect(); panel.close(); } };
}
