// Owns moving scenes by keyboard: Space lifts and drops, arrows move, Escape cancels; hides what is announced.
import { announce } from "./dom.js";

const STEPS = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at, columns) => at - columns,
  ArrowDown: (at, columns) => at + columns,
  Home: () => 0,
  End: (_at, _columns, all) => all - 1,
};

/**
 * @param {HTMLElement} list its children are the cards; while one is held they move at once
 * @param {(from: number, to: number) => void} drop called with the cards back in their first order
 * @param {AbortSignal} signal
 */
export function reorderByKeys(list, drop, signal) {
  let held = null;
  const put = (wanted) => {
    const ended = held;
    held = null;
    ended.put(wanted ? drop : null);
  };
  const press = (event) => {
    const handle = event.target.closest(".scene-handle");
    if (!handle || list.classList.contains("working")) return;
    if (event.key === " " || event.key === "Enter") {
      if (held) put(true);
      else held = new Held(list, handle);
    } else if (held && event.key === "Escape") put(false);
    else if (held && STEPS[event.key]) held.step(STEPS[event.key]);
    else return;
    event.preventDefault();
  };
  const leave = () => {
    if (held && !held.moving) put(false);
  };
  list.addEventListener("keydown", press, { signal });
  list.addEventListener("focusout", leave, { signal });
}

/** One card that is lifted, with the order that there was before. */
class Held {
  constructor(list, handle) {
    this.list = list;
    this.handle = handle;
    this.card = handle.closest(".scene");
    this.first = [...list.children];
    this.from = this.first.indexOf(this.card);
    this.moving = false; // taking a node out of the document takes its focus, which is no leaving
    this.card.classList.add("held");
    handle.setAttribute("aria-pressed", "true");
    announce(
      `${nameOf(this.card)} is lifted, place ${this.from + 1} of ${this.first.length}. ` +
        "Arrows move it, Space drops it, Escape puts it back.",
    );
  }

  step(go) {
    const cards = [...this.list.children];
    const at = cards.indexOf(this.card);
    const to = Math.min(Math.max(go(at, columns(cards), cards.length), 0), cards.length - 1);
    if (to === at) return announce(`${nameOf(this.card)} is at the ${to === 0 ? "beginning" : "end"}.`);
    this.rearrange(() => this.list.insertBefore(this.card, to > at ? cards[to].nextSibling : cards[to]));
    this.card.scrollIntoView({ block: "nearest" });
    return announce(`Place ${to + 1} of ${cards.length}.`);
  }

  put(drop) {
    const to = [...this.list.children].indexOf(this.card);
    this.rearrange(() => this.list.replaceChildren(...this.first));
    this.card.classList.remove("held");
    this.handle.setAttribute("aria-pressed", "false");
    if (drop && to !== this.from) drop(this.from, to);
    else announce(`${nameOf(this.card)} is back at place ${this.from + 1}.`);
  }

  rearrange(change) {
    const focused = document.activeElement === this.handle;
    this.moving = true;
    change();
    if (focused) this.handle.focus({ preventScroll: true });
    this.moving = false;
  }
}

const nameOf = (card) => card.querySelector("h3").textContent;

/** How many cards stand in a row of the grid. */
function columns(cards) {
  const { top } = cards[0].getBoundingClientRect();
  const next = cards.findIndex((card) => card.getBoundingClientRect().top > top + 1);
  return next === -1 ? cards.length : next;
}
