// A line over time with the period before behind it, as SVG: sharp at any size, styled by the sheet (the content
// security policy forbids more), walked through with the arrow keys, and said by screen readers.

import { el, setText, svg } from "./dom.js";
import { NONE, change, intervalName, metricText } from "./format.js";
import { METRICS } from "./dims.js";

const HEIGHT = 250;
const MARGIN = { top: 14, right: 8, bottom: 26, left: 8 };

/** Round numbers from 0 to at least `most`, four or five of them. */
export function ticks(most, isDuration = false) {
  if (!(most > 0)) return [0, 1];
  const base = isDuration ? 60_000 : 1;
  const rough = most / base / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough) * base;
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step);
}

const line = (points) => {
  let path = "";
  let isDrawing = false;
  for (const point of points) {
    if (!point) isDrawing = false;
    else {
      path += `${isDrawing ? "L" : "M"}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
      isDrawing = true;
    }
  }
  return path;
};

/** A chart that is kept and drawn again with `update`. */
export class SeriesChart {
  constructor() {
    this.picture = svg("svg", { class: "series", role: "application", "aria-roledescription": "chart", tabindex: 0 });
    this.tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.words = el("p", { class: "spoken", "aria-live": "polite" });
    this.element = el("div", { class: "chart" }, this.picture, this.tip, this.words);
    this.active = -1;
    new ResizeObserver(() => this.draw()).observe(this.element);
    this.picture.addEventListener("pointermove", (event) => this.point(event));
    this.picture.addEventListener("pointerleave", () => this.activate(-1));
    this.picture.addEventListener("blur", () => this.activate(-1));
    this.picture.addEventListener("keydown", (event) => this.walk(event));
  }

  /** `rows` are `{time, value}`, `previous` the same or empty; `isOpen` says that the last one is not over. */
  update(content) {
    this.content = content;
    this.draw();
  }

  draw() {
    const width = Math.round(this.element.clientWidth);
    if (!this.content || width < 50) return;
    const { rows, previous, metric, interval, zone, isOpen } = this.content;
    const values = rows.map((row) => row.value);
    const before = previous.map((row) => row.value).slice(0, rows.length);
    const steps = ticks(Math.max(0, ...values.map(Number), ...before.map(Number)), metric === "session_duration");
    const most = steps.at(-1);
    const inner = { width: width - MARGIN.left - MARGIN.right, height: HEIGHT - MARGIN.top - MARGIN.bottom };
    const x = (index) => MARGIN.left + (rows.length < 2 ? inner.width / 2 : index / (rows.length - 1) * inner.width);
    const y = (value) => MARGIN.top + inner.height * (1 - value / most);
    const points = (list) => list.map((value, index) => value === null || value === undefined ? null : [x(index), y(value)]);
    const now = points(values);
    this.places = rows.map((_, index) => ({ x: x(index), y: now[index]?.[1] }));
    const grid = steps.map((step) => svg("g", { class: "grid" },
      svg("line", { x1: 0, x2: width, y1: y(step), y2: y(step) }),
      step > 0 ? svg("text", { x: 4, y: y(step) - 4, text: metricText(metric, step, true) }) : null));
    const every = Math.max(1, Math.ceil(rows.length / Math.max(2, Math.floor(width / 90))));
    const labels = rows.map((row, index) => index % every ? null : svg("text", {
      class: "axis", x: x(index), y: HEIGHT - 7, "text-anchor": index === 0 ? "start" : x(index) > width - 40 ? "end" : "middle", text: intervalName(row.time, interval, zone, true),
    })).filter(Boolean);
    const end = isOpen && now.length > 1 ? now.length - 1 : now.length;
    const solid = now.slice(0, end);
    const filled = now.filter(Boolean);
    const area = filled.length > 1 ? `${line(filled)}L${filled.at(-1)[0]} ${y(0)}L${filled[0][0]} ${y(0)}Z` : "";
    this.cursor = svg("g", { class: "cursor", visibility: "hidden" },
      svg("line", { y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom }), svg("circle", { r: 4.5 }));
    this.picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
    this.picture.setAttribute("aria-label", this.describe());
    this.picture.replaceChildren(...grid, ...labels,
      svg("path", { class: "area", d: area }), svg("path", { class: "line before", d: line(points(before)) }),
      svg("path", { class: "line", d: line(solid) }),
      svg("path", { class: "line open", d: end < now.length ? line(now.slice(end - 1)) : "" }),
      ...(rows.length === 1 && now[0] ? [svg("circle", { class: "single", cx: now[0][0], cy: now[0][1], r: 4 })] : []), this.cursor);
    this.activate(this.active);
  }

  describe() {
    const { rows, metric, interval, zone } = this.content;
    const name = METRICS[metric] ?? metric;
    if (!rows.length) return `${name}: nothing in this range`;
    const best = rows.reduce((most, row) => Number(row.value) > Number(most.value) ? row : most);
    return `${name}, ${rows.length} intervals from ${intervalName(rows[0].time, interval, zone)}. The highest is `
      + `${metricText(metric, best.value)}, ${intervalName(best.time, interval, zone)}. Arrow keys go through them.`;
  }

  point(event) {
    if (!this.places?.length) return;
    const place = event.clientX - this.picture.getBoundingClientRect().left;
    let nearest = 0;
    this.places.forEach((one, index) => {
      if (Math.abs(one.x - place) < Math.abs(this.places[nearest].x - place)) nearest = index;
    });
    this.activate(nearest);
  }

  walk(event) {
    const last = (this.places?.length ?? 0) - 1;
    const next = { ArrowLeft: Math.max(0, this.active - 1), ArrowRight: Math.min(last, this.active + 1), Home: 0, End: last }[event.key];
    if (event.key === "Escape") this.activate(-1);
    if (next === undefined || last < 0) return;
    event.preventDefault();
    this.activate(next);
    setText(this.words, this.tip.innerText.replaceAll("\n", ", "));
  }

  activate(index) {
    this.active = index < (this.places?.length ?? 0) ? index : -1;
    const place = this.places?.[this.active];
    this.tip.hidden = !place;
    this.cursor?.setAttribute("visibility", place ? "visible" : "hidden");
    if (!place) return;
    const { rows, previous, metric, interval, zone } = this.content;
    const [row, before] = [rows[this.active], previous[this.active]];
    const [ruler, dot] = this.cursor.children;
    ruler.setAttribute("x1", place.x);
    ruler.setAttribute("x2", place.x);
    dot.setAttribute("visibility", place.y === undefined ? "hidden" : "inherit");
    if (place.y !== undefined) {
      dot.setAttribute("cx", place.x);
      dot.setAttribute("cy", place.y);
    }
    const difference = before && before.value > 0 && typeof row.value === "number" ? (row.value - before.value) / before.value : null;
    this.tip.replaceChildren(
      el("strong", { text: `${METRICS[metric] ?? metric}${difference === null ? "" : ` ${change(difference)}`}` }),
      el("div", { class: "tip-row now" }, el("span", { text: intervalName(row.time, interval, zone) }), el("b", { text: row.value === null ? NONE : metricText(metric, row.value) })),
      before ? el("div", { class: "tip-row then" }, el("span", { text: intervalName(before.time, interval, zone) }), el("b", { text: metricText(metric, before.value) })) : "");
    const room = this.element.clientWidth - this.tip.offsetWidth;
    const left = place.x > this.element.clientWidth / 2 ? place.x - this.tip.offsetWidth - 12 : place.x + 12;
    this.tip.style.setProperty("left", `${Math.max(0, Math.min(room, left))}px`);
  }
}
