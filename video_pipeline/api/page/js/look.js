// Owns the large view of a scene's picture, from which one goes on to the next; hides its keys.
import { button, fill, h, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { clock } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function lookAt(desk, first) {
  const { scenes } = desk.job.storyboard;
  const image = h("img", { testid: "large-picture" });
  const text = h("div", { class: "grow" });
  const back = button("Previous", { onclick: () => go(-1), testid: "look-previous" }, icon("left"));
  const on = button("Next", { onclick: () => go(1), testid: "look-next" }, icon("right"));
  let at = scenes.findIndex((scene) => scene.scene_number === first);
  const dialog = openDialog({ title: "", look: "picture", testid: "look-dialog", body: image, foot: [text, back, on] });
  dialog.node.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") go(-1);
    if (event.key === "ArrowRight") go(1);
  });

  function go(step) {
    const next = at + step;
    if (!scenes[next]?.image) return;
    at = next;
    show();
  }

  function show() {
    const scene = scenes[at];
    dialog.retitle(`${scene.scene_number}. ${scene.title}`);
    image.src = scene.image.url;
    image.alt = scene.description;
    image.width = scene.image.width;
    image.height = scene.image.height;
    fill(
      text,
      h("p", {}, scene.description),
      h(
        "p",
        { class: "small" },
        `${scene.image.width} × ${scene.image.height} · by ${scene.image.provider} · `,
        `${clock(scene.duration_s)} from ${clock(scene.start_s)}`,
      ),
    );
    back.disabled = !scenes[at - 1]?.image;
    on.disabled = !scenes[at + 1]?.image;
  }
  show();
}
