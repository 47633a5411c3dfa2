// Owns the switch between dark and light; hides where the choice is remembered.
import { button, icon, setIcon } from "./dom.js";

const KEY = "studio-theme";

/** @returns {HTMLButtonElement} a button that flips the theme and remembers it */
export function themeSwitch() {
  const node = button("", { class: "quiet square", onclick: flip, testid: "theme-toggle" }, icon("sun"));
  const show = () => {
    const dark = document.documentElement.dataset.theme === "dark";
    node.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
    setIcon(node.querySelector(".icon"), dark ? "sun" : "moon");
  };
  function flip() {
    const next = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try {
      localStorage.setItem(KEY, next);
    } catch {
      /* a browser that keeps nothing still shows it now */
    }
    show();
  }
  show();
  return node;
}
