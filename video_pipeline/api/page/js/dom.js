// Owns how nodes are made and changed; hides the DOM's verbs. Text goes in as text only, never as markup.

const AS_PROPERTY = new Set([
  "value",
  "checked",
  "disabled",
  "hidden",
  "open",
  "selected",
  "required",
  "readOnly",
  "multiple",
  "indeterminate",
]);
const SVG = "http://www.w3.org/2000/svg";

/**
 * Make an element. `on…` functions become listeners, `testid` becomes data-testid, `vars` sets CSS properties,
 * null, undefined and false leave an attribute out.
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...any} children nodes, text, arrays of them; null and false are left out
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  adorn(node, props);
  node.append(...flat(children));
  return node;
}

/** The same for a node of SVG. */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  adorn(node, props);
  node.append(...flat(children));
  return node;
}

function adorn(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "testid") node.setAttribute("data-testid", value);
    else if (name === "vars")
      for (const [key, each] of Object.entries(value)) node.style.setProperty(key, String(each));
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (AS_PROPERTY.has(name) && name in node) node[name] = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
}

function flat(children) {
  return children.flat(4).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replace what is inside `node`. */
export function fill(node, ...children) {
  node.replaceChildren(...flat(children));
  return node;
}

/** One symbol of the sprite; `look` are further classes. Decoration: screen readers skip it. */
export function icon(name, look = "") {
  const use = svg("use", { href: `/static/icons.svg#${name}` });
  return svg(
    "svg",
    { class: `icon ${look} ${FILLED.has(name) ? "filled" : ""}`, "aria-hidden": "true", focusable: "false" },
    use,
  );
}

const FILLED = new Set(["play", "pause"]);

/** Show another symbol in a node that `icon` made. */
export function setIcon(node, name) {
  node.firstChild.setAttribute("href", `/static/icons.svg#${name}`);
}

/** A button of type button; `class` adds to "button". */
export function button(label, props = {}, ...before) {
  const { class: look = "", ...rest } = props;
  return h("button", { type: "button", class: `button ${look}`, ...rest }, ...before, label && h("span", {}, label));
}

/** A link that looks like a button. */
export function linkButton(label, href, props = {}, ...before) {
  const { class: look = "", ...rest } = props;
  return h("a", { href, class: `button ${look}`, ...rest }, ...before, label && h("span", {}, label));
}

const keys = new WeakMap();

/**
 * Build what is inside `node` again, but only when `key` differs from the last time; the focus stays on the element
 * with the same data-testid.
 * @returns {boolean} whether it was built
 */
export function renew(node, key, build) {
  const text = JSON.stringify(key);
  if (keys.get(node) === text) return false;
  keys.set(node, text);
  const held = node.contains(document.activeElement) ? document.activeElement : null;
  const all = held && [...node.querySelectorAll(selectorOf(held))];
  const place = held ? all.indexOf(held) : -1;
  fill(node, build());
  if (held) (node.querySelectorAll(selectorOf(held))[place] ?? node.querySelector("[data-fallback-focus]"))?.focus();
  return true;
}

function selectorOf(node) {
  const id = node.getAttribute("data-testid");
  return id ? `[data-testid="${CSS.escape(id)}"]` : node.tagName;
}

let nextId = 0;

/** An id that nothing else on the page has. */
export function freshId(word) {
  nextId += 1;
  return `${word}-${nextId}`;
}

/** Say something to screen readers without showing it. */
export function announce(text) {
  const place = document.getElementById("announcer");
  place.textContent = "";
  requestAnimationFrame(() => {
    place.textContent = text;
  });
}

/** Call `run` when `pause` ms have passed without another call. */
export function debounced(pause, run) {
  let timer = 0;
  return (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...values), pause);
  };
}

/** Show that a button's work is under way, and give it back when the promise ends. */
export async function busy(node, work) {
  const spinner = h("span", { class: "spinner", "aria-hidden": "true" });
  const before = node.querySelector(".icon");
  node.setAttribute("aria-busy", "true");
  node.disabled = true;
  if (before) before.replaceWith(spinner);
  else node.prepend(spinner);
  try {
    return await work();
  } finally {
    if (before) spinner.replaceWith(before);
    else spinner.remove();
    node.removeAttribute("aria-busy");
    node.disabled = false;
  }
}
