// Paths as a Sankey diagram: columns of nodes, bands as wide as what flows. Some hundred lines of SVG here, rather than
// a library many times as long, keep to the security policy, the sheet's colours and the keyboard.

import { svg } from "./dom.js";
import { number, percent } from "./format.js";

const NODE = 12;
const GAP = 14;
const HEIGHT = 420;

/** Places nodes and links: `{columns, nodes: [{…, x, y, height}], bands}`; sizes are in the drawing's units. */
export function layout(answer, width) {
  const steps = [...new Set(answer.nodes.map((node) => node.step))].sort((one, other) => one - other);
  const columns = steps.map((step) => answer.nodes.filter((node) => node.step === step));
  const most = Math.max(1, ...columns.map((column) => column.reduce((sum, node) => sum + node.count, 0)));
  const longest = Math.max(1, ...columns.map((column) => column.length));
  const scale = Math.max(0.0001, HEIGHT - GAP * (longest - 1)) / most;
  const room = steps.length > 1 ? (width - 190) / (steps.length - 1) : 0;
  const nodes = new Map();
  columns.forEach((column, index) => {
    let y = 24;
    for (const node of column) {
      const height = Math.max(2, node.count * scale);
      nodes.set(node.id, { ...node, x: index * room, y, height, out: 0, in: 0 });
      y += height + GAP;
    }
  });
  const order = (one, other) => nodes.get(one.source).y - nodes.get(other.source).y || nodes.get(one.target).y - nodes.get(other.target).y;
  const bands = [...answer.links].sort(order).map((link) => {
    const [from, to] = [nodes.get(link.source), nodes.get(link.target)];
    const size = Math.max(1, link.count * scale);
    // Backwards paths name their links by time as well: the source is the earlier one.
    const band = { ...link, size, x1: from.x + NODE, x2: to.x, y1: from.y + from.out + size / 2, y2: to.y + to.in + size / 2 };
    from.out += link.count * scale;
    to.in += link.count * scale;
    return band;
  });
  const bottom = Math.max(...[...nodes.values()].map((node) => node.y + node.height), 60);
  return { steps, room, nodes: [...nodes.values()], bands, height: bottom + 16 };
}

/** Draws an answer of `paths`; `onpick(node)` is called for a click on a node with a value. */
export function sankey(answer, width, { name, onpick }) {
  const { steps, room, nodes, bands, height } = layout(answer, width);
  const most = Math.max(1, answer.paths);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const drawing = svg("svg", { class: "sankey", viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Paths; the table has all numbers" });
  const lines = bands.map((band) => {
    const middle = (band.x1 + band.x2) / 2;
    const line = svg("path", {
      class: byId.get(band.target).other ? "link-band other" : "link-band", "stroke-width": band.size.toFixed(1),
      d: `M${band.x1} ${band.y1.toFixed(1)}C${middle} ${band.y1.toFixed(1)} ${middle} ${band.y2.toFixed(1)} ${band.x2} ${band.y2.toFixed(1)}`,
    });
    line.append(svg("title", { text: `${name(byId.get(band.source))} → ${name(byId.get(band.target))}: ${number(band.count)} (${percent(band.count / most)})` }));
    return { band, line };
  });
  const pick = (id) => {
    drawing.classList.toggle("picking", id !== null);
    for (const { band, line } of lines) line.classList.toggle("picked", id !== null && (band.source === id || band.target === id));
  };
  const titles = steps.map((step, index) => svg("text", { class: "column", x: index * room, y: 12, text: step === 0 ? (steps[0] < 0 ? "End" : "Start") : step > 0 ? `Step ${step + 1}` : `${-step} before` }));
  const marks = nodes.map((node) => {
    const words = `${name(node)}: ${number(node.count)}, ${percent(node.count / most)}${node.drop_off ? `; ${number(node.drop_off)} end here` : ""}`;
    const label = name(node);
    const space = node.step === steps.at(-1) ? width - node.x : room || width;
    const longest = Math.max(8, Math.floor((space - NODE - 7) / 7.4) - number(node.count).length - 2);
    const group = svg("g", {
      class: node.other ? "node other" : "node", tabindex: 0, role: "button", "aria-label": node.other ? words : `${words}. Start from here`,
      onclick: () => onpick(node), onkeydown: (event) => { if (event.key === "Enter" || event.key === " ") { event.preventDefault(); onpick(node); } },
      onpointerenter: () => pick(node.id), onpointerleave: () => pick(null), onfocus: () => pick(node.id), onblur: () => pick(null),
    }, svg("title", { text: words }), svg("rect", { x: node.x, y: node.y, width: NODE, height: node.height, rx: Math.min(3, node.height / 2) }));
    if (node.drop_off && node.step !== steps.at(-1)) {
      const size = node.height * node.drop_off / node.count;
      group.append(svg("rect", { class: "end", x: node.x + NODE, y: node.y + node.height - size, width: 5, height: size }));
    }
    const text = svg("text", { x: node.x + NODE + 7, y: node.y + Math.min(node.height / 2 + 4, 16), direction: "ltr" });
    text.append(svg("tspan", { text: label.length > longest ? label.slice(0, longest - 1) + "…" : label }), svg("tspan", { class: "count", text: `  ${number(node.count)}` }));
    group.append(text);
    return group;
  });
  drawing.append(...titles, ...lines.map(({ line }) => line), ...marks);
  return drawing;
}
