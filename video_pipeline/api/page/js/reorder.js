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

  list.addEventListener(
    "pointerdown",
    (event) => {
      const handle = event.target.closest(".scene-handle");
      if (!handle || event.button !== 0 || drag || list.classList.contains("working")) return;
      handle.setPointerCapture(event.pointerId);
      const card = handle.closest(".scene");
      drag = {
        handle,
        card,
        from: [...list.children].indexOf(card),
        to: null,
        start: [event.clientX, event.clientY],
        at: [event.clientX, event.clientY],
        ghost: null,
        frame: 0,
      };
    },
    { signal },
  );

  list.addEventListener(
    "pointermove",
    (event) => {
      if (!drag) return;
      drag.at = [event.clientX, event.clientY];
      const moved = Math.hypot(drag.at[0] - drag.start[0], drag.at[1] - drag.start[1]);
      if (!drag.ghost && moved < THRESHOLD_PX) return;
      if (!drag.ghost) lift();
      aim();
    },
    { signal },
  );

  list.addEventListener("pointerup", () => finish(true), { signal });
  list.addEventListener("pointercancel", () => finish(false), { signal });
  list.addEventListener("lostpointercapture", () => finish(false), { signal });
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Escape" && drag?.ghost) finish(false);
    },
    { signal },
  );
  signal.addEventListener("abort", () => finish(false));

  function lift() {
    drag.card.classList.add("lifted");
    list.classList.add("dragging");
    const image = drag.card.querySelector("img");
    drag.ghost = h(
      "div",
      { class: "drag-ghost", "aria-hidden": "true" },
      image && h("img", { src: image.currentSrc || image.src, alt: "" }),
      h("p", { class: "clamp-1" }, drag.card.querySelector("h3").lastChild.textContent),
    );
    document.body.append(drag.ghost);
    scroll();
  }

  /** The card under the pointer, or the nearest one: its place is the target. */
  function aim() {
    const [x, y] = drag.at;
    drag.ghost.style.setProperty("transform", `translate(${x + 14}px, ${y + 10}px) rotate(1.2deg)`);
    const cards = [...list.children];
    const distances = cards.map((card) => distance(card.getBoundingClientRect(), x, y));
    mark(cards, distances.indexOf(Math.min(...distances)));
  }

  function mark(cards, to) {
    if (drag.to === to) return;
    drag.to = to;
    for (const [at, card] of cards.entries()) {
      card.classList.toggle("drop-before", at === to && to < drag.from);
      card.classList.toggle("drop-after", at === to && to > drag.from);
    }
  }

  function scroll() {
    if (!drag?.ghost) return;
    const y = drag.at[1];
    const push = Math.max(0, EDGE_PX - y) - Math.max(0, y - (innerHeight - EDGE_PX));
    if (push !== 0) {
      window.scrollBy(0, (-push / EDGE_PX) * SPEED_PX);
      aim();
    }
    drag.frame = requestAnimationFrame(scroll);
  }

  function finish(wanted) {
    if (!drag) return;
    const { from, to, ghost, card, frame } = drag;
    drag = null;
    cancelAnimationFrame(frame);
    ghost?.remove();
    card.classList.remove("lifted");
    list.classList.remove("dragging");
    for (const each of list.children) each.classList.remove("drop-before", "drop-after");
    if (wanted && ghost && to !== null && to !== from) drop(from, to);
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
