// Building and patching elements. Text from data only ever becomes textContent: there is no way to HTML in here.

const SVG = "http://www.w3.org/2000/svg";

function apply(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** An HTML element; `onclick` and its kin are listeners, `text` is its text. */
export function el(name, attributes, ...children) {
  return apply(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg(name, attributes, ...children) {
  return apply(document.createElementNS(SVG, name), attributes, children);
}

/** Text that came from data: isolated, so that its direction does not spill into its neighbours. */
export function data(text, attributes) {
  return el("bdi", { dir: "auto", ...attributes, text });
}

/** Text that only a screen reader says. */
export function spoken(text) {
  return el("span", { class: "spoken", text });
}

/** One of the drawings in icons.svg, decoration only. */
export function icon(name) {
  const use = svg("use", { href: new URL(`./icons.svg#${name}`, import.meta.url).href });
  return svg("svg", { class: "icon", "aria-hidden": "true", width: 16, height: 16 }, use);
}

/** Sets text where it differs, so that what has not changed is not touched. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Makes `parent` hold one child for each item and in their order, keeping those whose key is still there: focus,
 * hover and transitions survive a refresh.
 */
export function reconcile(parent, items, keyOf, create, update) {
  const known = parent.keyed ?? new Map();
  const next = new Map();
  let position = parent.firstChild;
  items.forEach((item, index) => {
    const key = keyOf(item, index);
    let node = known.get(key);
    if (!node || next.has(key)) node = create(item, index);
    next.set(key, node);
    update?.(node, item, index);
    if (node === position) position = position.nextSibling;
    else parent.insertBefore(node, position);
  });
  while (position) {
    const after = position.nextSibling;
    position.remove();
    position = after;
  }
  parent.keyed = next;
}

/** A labelled select of `[value, text]` pairs. */
export function select(label, options, value, onchange, attributes) {
  const box = el("select", { onchange: () => onchange(box.value), ...attributes });
  for (const [key, text] of options) box.append(el("option", { value: key, text }));
  box.value = value;
  if (box.selectedIndex < 0 && value) {
    box.append(el("option", { value, text: value }));
    box.value = value;
  }
  return el("label", { class: "field" }, el("span", { text: label }), box);
}

/** Runs `work` once, a little after the last call. */
export function debounce(milliseconds, work) {
  let timer;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), milliseconds);
  };
}

/** Hands the reader a file. */
export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = el("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
