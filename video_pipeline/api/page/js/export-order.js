// Owns what is seen of exports that are being made; hides following their order.
import { button, fill, h, icon } from "./dom.js";
import { meter, moveMeter } from "./card.js";
import { isAbort } from "./http.js";
import { follow } from "./orders.js";
import { toast } from "./toast.js";
import { sentence } from "./wording.js";

/**
 * Show an order of exports in `place` until it is done; a failure stays until it is closed.
 * @param {import("./desk.js").Desk} desk
 * @param {any} order
 * @param {string} name of what is made
 * @param {HTMLElement} place
 */
export async function watchExports(desk, order, name, place) {
  const bar = meter(0, `Progress of ${name}`, "thick");
  const message = h("span", { class: "muted" }, "is waiting");
  const text = h("p", { class: "small" }, h("strong", {}, name), " ", message);
  const node = h("div", { class: "panel making", testid: "export-order", "data-status": order.status }, text, bar);
  place.append(node);
  const onProgress = ({ status, progress }) => {
    node.dataset.status = status;
    if (!progress) return;
    moveMeter(bar, progress.percent);
    message.textContent = progress.message;
  };
  try {
    await follow(order, { onProgress, signal: desk.signal });
    node.remove();
    toast(`${name} can be downloaded.`);
    await desk.refresh();
  } catch (error) {
    if (!isAbort(error))
      fill(
        node,
        failure(`${name} could not be made. ${sentence(error.detail)}`, () => node.remove()),
      );
  }
}

function failure(text, close) {
  const props = { class: "quiet small square", "aria-label": "Close this message", onclick: close };
  const shut = button("", props, icon("close", "small"));
  return h("div", { class: "callout red", role: "alert" }, icon("alert"), h("div", {}, h("p", {}, text)), shut);
}
