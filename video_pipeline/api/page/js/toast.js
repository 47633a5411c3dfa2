// Owns short messages about what just happened; hides how long they stay and how they are read out.
import { button, h, icon } from "./dom.js";

const STAY_MS = 7_000;
const ICONS = { green: "check", amber: "info", red: "alert" };

/**
 * Show a message. Good news goes by itself; bad news stays until it is closed.
 * @param {string} text
 * @param {{tone?: "green"|"amber"|"red", action?: {label: string, run: () => void, testid?: string}}} [options]
 */
export function toast(text, { tone = "green", action } = {}) {
  const close = () => {
    clearTimeout(timer);
    node.remove();
  };
  const stay = () => {
    if (tone !== "red") timer = setTimeout(close, STAY_MS);
  };
  let timer = 0;
  const node = h(
    "div",
    { class: `toast ${tone}`, role: tone === "red" ? "alert" : "status", testid: "toast" },
    icon(ICONS[tone]),
    h("p", {}, text),
    action &&
      button(action.label, {
        class: "small",
        testid: action.testid,
        onclick: () => {
          close();
          action.run();
        },
      }),
    button(
      "",
      { class: "quiet small square", "aria-label": "Close this message", onclick: close },
      icon("close", "small"),
    ),
  );
  for (const pause of ["pointerenter", "focusin"]) node.addEventListener(pause, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) node.addEventListener(go, stay);
  document.getElementById("toasts").append(node);
  stay();
  return close;
}
