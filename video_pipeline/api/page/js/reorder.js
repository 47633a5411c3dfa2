// Owns dragging scenes by mouse, pen and finger: what is held, where it would fall; hides pointers and scrolling.
import { h } from "./dom.js";
import { reorderByKeys } from "./reorder-keys.js";

const THRESHOLD_PX = 5;
const EDGE_PX = 90;
const SPEED_PX = 16;

/**
 * Make the cards of a list movable by their handles.
 * @param {HTMLElement} list its children are the cards
 * @param {(from: number, to: number) => void} drop both count from 0; the card takes the place of the one at `to`
 * @param {AbortSignal} signal
 */
export function reorderable(list, drop, signal) {
  reorderByKeys(list, drop, signal);
  let drag = null;
  const finish = (wanted) => {
    const ended = drag;
    drag = null;
    ended?.end(wanted ? drop : null);
  };
  const begin = (event) => {
    const handle = event.target.closest(".scene-handle");
    if (!handle || event.button !== 0 || drag || list.classList.contains("working")) return;
    handle.setPointerCapture(event.pointerId);
    drag = new Drag(list, handle.closest(".scene"), event);
  };
  const escape = (event) => {
    if (event.key === "Escape" && drag?.ghost) finish(false);
  };
  list.addEventListener("pointerdown", begin, { signal });
  list.addEventListener("pointermove", (event) => drag?.move(event), { signal });
  list.addEventListener("pointerup", () => finish(true), { signal });
  for (const lost of ["pointercancel", "lostpointercapture"])
    list.addEventListener(lost, () => finish(false), { signal });
  document.addEventListener("keydown", escape, { signal });
  signal.addEventListener("abort", () => finish(false));
}

/** One card that is held; it is lifted once the pointer has moved a little, so that a click stays a click. */
class Drag {
  constructor(list, card, { clientX, clientY }) {
    this.list = list;
    this.card = card;
    this.from = [...list.children].indexOf(card);
    this.to = null;
    this.start = [clientX, clientY];
    this.at = this.start;
    this.ghost = null;
  }

  move({ clientX, clientY }) {
    this.at = [clientX, clientY];
    const way = Math.hypot(clientX - this.start[0], clientY - this.start[1]);
    if (!this.ghost && way < THRESHOLD_PX) return;
    if (!this.ghost) this.lift();
    this.aim();
  }

  lift() {
    this.card.classList.add("lifted");
    this.list.classList.add("dragging");
    const image = this.card.querySelector("img");
    const title = this.card.querySelector("h3").lastChild.textContent;
    const picture = image && h("img", { src: image.currentSrc || image.src, alt: "" });
    this.ghost = h("div", { class: "drag-ghost", "aria-hidden": "true" }, picture, h("p", { class: "clamp-1" }, title));
    document.body.append(this.ghost);
    this.scroll();
  }

  /** The card under the pointer, or the nearest one: its place is the target. */
  aim() {
    const [x, y] = this.at;
    this.ghost.style.setProperty("transform", `translate(${x + 14}px, ${y + 10}px) rotate(1.2deg)`);
    const distances = [...this.list.children].map((card) => distance(card.getBoundingClientRect(), x, y));
    this.mark(distances.indexOf(Math.min(...distances)));
  }

  mark(to) {
    if (this.to === to) return;
    this.to = to;
    for (const [at, card] of [...this.list.children].entries()) {
      card.classList.toggle("drop-before", at === to && to < this.from);
      card.classList.toggle("drop-after", at === to && to > this.from);
    }
  }

  /** Near the upper and the lower edge of the window the page moves, the faster the nearer. */
  scroll() {
    const y = this.at[1];
    const push = Math.max(0, y - (innerHeight - EDGE_PX)) - Math.max(0, EDGE_PX - y);
    if (push !== 0) {
      window.scrollBy(0, (push / EDGE_PX) * SPEED_PX);
      this.aim();
    }
    this.frame = requestAnimationFrame(() => this.scroll());
  }

  end(drop) {
    cancelAnimationFrame(this.frame);
    this.ghost?.remove();
    this.card.classList.remove("lifted");
    this.list.classList.remove("dragging");
    for (const each of this.list.children) each.classList.remove("drop-before", "drop-after");
    if (drop && this.ghost && this.to !== null && this.to !== this.from) drop(this.from, this.to);
  }
}

function distance(box, x, y) {
  return Math.hypot(Math.max(box.left - x, 0, x - box.right), Math.max(box.top - y, 0, y - box.bottom));
}

/** `items` with the one at `from` taken out and put in at `to`. */
export function moved(items, from, to) {
  const rest = items.filter((_, at) => at !== from);
  return [...rest.slice(0, to), items[from], ...rest.slice(to)];
}

/** The scene_order that undoes another: where each scene stands now. */
export function undoing(order) {
  return order.map((_, at) => order.indexOf(at + 1) + 1);
}
