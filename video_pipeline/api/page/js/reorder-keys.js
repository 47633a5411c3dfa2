// Owns moving scenes by keyboard: Space lifts and drops, arrows move, Escape cancels; hides what is announced.
import { announce } from "./dom.js";

/**
 * @param {HTMLElement} list its children are the cards; while one is held they move at once
 * @param {(from: number, to: number) => void} drop called with the cards back in their first order
 * @param {AbortSignal} signal
 */
export function reorderByKeys(list, drop, signal) {
  let held = null;

  list.addEventListener(
    "keydown",
    (event) => {
      const handle = event.target.closest(".scene-handle");
      if (!handle || list.classList.contains("working")) return;
      if (event.key === " " || event.key === "Enter") {
        event.preventDefault();
        if (held) put(true);
        else take(handle);
      } else if (held && event.key === "Escape") {
        event.preventDefault();
        event.stopPropagation();
        put(false);
      } else if (held && STEPS[event.key]) {
        event.preventDefault();
        step(STEPS[event.key]);
      }
    },
    { signal },
  );

  list.addEventListener(
    "focusout",
    () => {
      if (held && !held.moving) put(false);
    },
    { signal },
  );

  function take(handle) {
    const card = handle.closest(".scene");
    held = { handle, card, first: [...list.children], from: [...list.children].indexOf(card), moving: false };
    card.classList.add("held");
    handle.setAttribute("aria-pressed", "true");
    announce(
      `${nameOf(card)} is lifted, place ${held.from + 1} of ${held.first.length}. ` +
        "Arrows move it, Space drops it, Escape puts it back.",
    );
  }

  function step(go) {
    const cards = [...list.children];
    const at = cards.indexOf(held.card);
    const to = Math.min(Math.max(go(at, columns(cards), cards.length), 0), cards.length - 1);
    if (to === at) return announce(`${nameOf(held.card)} is at the ${to === 0 ? "beginning" : "end"}.`);
    held.moving = true; // taking a node out of the document takes its focus
    list.insertBefore(held.card, to > at ? cards[to].nextSibling : cards[to]);
    held.handle.focus({ preventScroll: true });
    held.moving = false;
    held.card.scrollIntoView({ block: "nearest" });
    return announce(`Place ${to + 1} of ${cards.length}.`);
  }

  function put(wanted) {
    const { handle, card, first, from } = held;
    const to = [...list.children].indexOf(card);
    held.moving = true;
    const focused = document.activeElement === handle;
    list.replaceChildren(...first);
    held = null;
    if (focused) handle.focus({ preventScroll: true });
    card.classList.remove("held");
    handle.setAttribute("aria-pressed", "false");
    if (wanted && to !== from) drop(from, to);
    else announce(`${nameOf(card)} is back at place ${from + 1}.`);
  }
}

const STEPS = {
  ArrowLeft: (at) => at - 1,
  ArrowRight: (at) => at + 1,
  ArrowUp: (at, columns) => at - columns,
  ArrowDown: (at, columns) => at + columns,
  Home: () => 0,
  End: (_at, _columns, all) => all - 1,
};

const nameOf = (card) => card.querySelector("h3").textContent;

/** How many cards stand in a row of the grid. */
function columns(cards) {
  const { top } = cards[0].getBoundingClientRect();
  const next = cards.findIndex((card) => card.getBoundingClientRect().top > top + 1);
  return next === -1 ? cards.length : next;
}
