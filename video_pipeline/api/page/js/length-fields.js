// Owns how long an ordered video is: minutes of an album, scenes of a storyboard; hides which is shown. Music that is there has a length of its own.
import { h } from "./dom.js";
import { field } from "./fields.js";
import { clock, count } from "./wording.js";

/**
 * @param {{album: {minutes: number[], scenes: number}, storyboard: {scenes: number[], scene_seconds: number[]}}} can
 */
export function lengthFields(can) {
  const minutes = sliderField(can);
  const scenes = numberField("scene_count", "Scenes", can.storyboard?.scenes ?? [1, 60], 6, "scenes");
  const seconds = numberField(
    "scene_seconds",
    "Length of each",
    can.storyboard?.scene_seconds ?? [10, 600],
    30,
    "seconds",
  );
  const total = h("p", { class: "hint small muted", "aria-live": "polite" });
  const pair = h("div", { class: "stack-tight" }, h("div", { class: "pair" }, scenes.node, seconds.node), total);
  return {
    node: h("div", {}, minutes.node, pair),
    fields: [minutes, scenes, seconds],
    value: (kind) => {
      if (kind === "album") return { target_duration_minutes: Number(minutes.input.value) };
      if (kind !== "storyboard") return {};
      return { scene_count: Number(scenes.input.value), scene_seconds: Number(seconds.input.value) };
    },
    show: (kind) => {
      minutes.node.hidden = kind !== "album";
      pair.hidden = kind !== "storyboard";
      minutes.show();
      const [number, each] = [Number(scenes.input.value), Number(seconds.input.value)];
      total.textContent = `${count(number, "scene")} of ${clock(each)} make ${clock(number * each)}.`;
    },
  };
}

function sliderField({ album }) {
  const [least, most] = album?.minutes ?? [60, 90];
  const output = h("output", { class: "slider-value tabular" });
  const input = h("input", {
    type: "range",
    class: "slider",
    min: least,
    max: most,
    step: 1,
    value: 60,
    testid: "order-target_duration_minutes",
  });
  const made = field({
    name: "target_duration_minutes",
    label: "Length",
    hint: `${count(album?.scenes ?? 20, "piece")} of music, each with its picture.`,
    control: h("div", { class: "slider-row" }, input, output),
  });
  const show = () => {
    output.textContent = `${input.value} min`;
    input.setAttribute("aria-valuetext", `${input.value} minutes`);
    input.style.setProperty("--share", (input.value - least) / (most - least));
  };
  return { ...made, show };
}

function numberField(name, label, [least, most], value, unit) {
  return field({
    name,
    label,
    hint: `${least} to ${most}`,
    control: h(
      "div",
      { class: "with-unit" },
      h("input", {
        class: "input",
        type: "number",
        inputmode: "numeric",
        min: least,
        max: most,
        step: 1,
        value,
        testid: `order-${name}`,
      }),
      h("span", { "aria-hidden": "true" }, unit),
    ),
  });
}
