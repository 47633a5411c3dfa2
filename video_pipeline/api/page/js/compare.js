// Owns the comparison of two pictures of one scene by a line that is moved between them; hides its slider.
import { h } from "./dom.js";

/**
 * The old picture lies left of the line and the new one right; the line moves by mouse, finger and arrow keys.
 * @param {{url: string, label?: string, alt: string}} before
 * @param {{url: string, label?: string, alt: string}} after
 */
export function compare(before, after) {
  const slider = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 2,
    value: 50,
    "aria-label": "How much of the old picture is shown",
    testid: "compare-slider",
  });
  const node = h(
    "div",
    { class: "compare skeleton", testid: "compare" },
    h("img", { src: after.url, alt: after.alt, class: "after", draggable: "false" }),
    h("img", { src: before.url, alt: before.alt, class: "before", draggable: "false" }),
    h("span", { class: "edge" }),
    h("span", { class: "tag old" }, before.label ?? "Before"),
    h("span", { class: "tag new" }, after.label ?? "After"),
    slider,
  );
  Promise.allSettled([...node.querySelectorAll("img")].map((image) => image.decode())).then(() =>
    node.classList.remove("skeleton"),
  );
  const show = () => {
    node.style.setProperty("--split", `${slider.value}%`);
    slider.setAttribute("aria-valuetext", `${slider.value} % old, ${100 - slider.value} % new`);
  };
  slider.addEventListener("input", show);
  show();
  return node;
}
