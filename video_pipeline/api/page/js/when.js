// Owns points in time on the page, which stay true while they age; hides the clock.
import { h } from "./dom.js";
import { ago, moment } from "./wording.js";

/** A `time` that says how long ago it was, and exactly when on hovering. */
export function when(iso) {
  return h("time", { datetime: iso, title: moment(iso), "data-ago": true }, ago(iso));
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-ago]")) node.textContent = ago(node.dateTime);
}, 30_000);
