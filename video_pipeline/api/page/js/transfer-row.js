// Owns how one upload is shown: name, type, progress, pause and remove; hides which button belongs to which state.
import { meter, moveMeter } from "./card.js";
import { button, fill, h, icon } from "./dom.js";
import { choose } from "./fields.js";
import { TYPES, labelOf, signOf } from "./file-types.js";
import { size } from "./wording.js";

const SAID = {
  waiting: () => "Not uploaded yet",
  sending: (transfer) => `${Math.floor(transfer.percent)}% of ${size(transfer.file.size)}`,
  checking: () => "All is there; it is being looked at",
  paused: (transfer) => `Paused at ${Math.floor(transfer.percent)}%. ${transfer.message}`,
  kept: () => "Uploaded",
  failed: (transfer) => transfer.message,
};

/**
 * The row of a transfer.
 * @param {import("./transfer.js").Transfer} transfer
 * @param {{pause: () => void, resume: () => void, remove: () => void}} verbs
 * @returns {{node: HTMLElement, show: () => void}}
 */
export function transferRow(transfer, verbs) {
  const { name } = transfer.file;
  const bar = meter(transfer.percent, `Progress of ${name}`);
  const said = h("p", { class: "small muted tabular", testid: "transfer-state" });
  const type = h("div", { class: "transfer-type" });
  const actions = h("div", { class: "row" });
  const sign = h("span", { class: "transfer-sign" });
  const node = h(
    "li",
    { class: "file transfer", testid: "transfer", "data-name": name },
    sign,
    h("div", { class: "transfer-text" }, h("strong", {}, name), bar, said),
    type,
    actions,
  );
  let shown = null;

  function show() {
    moveMeter(bar, transfer.percent);
    said.textContent = SAID[transfer.state](transfer).trim();
    if (transfer.state === shown) return;
    shown = transfer.state;
    node.dataset.state = shown;
    said.classList.toggle("red", shown === "failed");
    bar.classList.toggle("red", shown === "failed");
    bar.classList.toggle("still", shown === "paused");
    renewParts();
  }

  function renewParts() {
    const held = actions.contains(document.activeElement);
    fill(sign, icon(signOf(transfer.type)));
    fill(type, shown === "waiting" ? typeChoice() : h("span", { class: "small muted" }, labelOf(transfer.type)));
    fill(actions, middle(), act("Remove", "close", "transfer-remove", verbs.remove));
    if (held) actions.querySelector("button").focus();
  }

  function typeChoice() {
    const control = choose(TYPES, { value: transfer.type, "aria-label": `What ${name} is`, testid: "transfer-type" });
    control.addEventListener("change", () => {
      transfer.type = control.value;
      fill(sign, icon(signOf(transfer.type)));
    });
    return control;
  }

  function middle() {
    if (shown === "sending") return act("Pause", "pause", "transfer-pause", verbs.pause);
    if (shown === "paused" || (shown === "failed" && transfer.upload === null))
      return act(shown === "paused" ? "Resume" : "Try again", "play", "transfer-resume", verbs.resume);
    return null;
  }

  function act(word, symbol, testid, run) {
    const props = { class: "quiet small square", "aria-label": `${word} ${name}`, title: word, testid, onclick: run };
    return button("", props, icon(symbol, "small"));
  }

  show();
  return { node, show };
}

/** The row of an upload of an earlier visit, whose file has to be chosen again. */
export function unfinishedRow(upload, remove) {
  const share = Math.floor((100 * upload.offset) / upload.bytes);
  const rest = share < 100 ? `${share}% of ${size(upload.bytes)} arrived. Choose the same file again to go on.` : SAID.checking();
  const text = upload.state === "refused" ? upload.error : rest;
  const props = {
    class: "quiet small square",
    "aria-label": `Remove ${upload.filename}`,
    title: "Remove",
    testid: "unfinished-remove",
    onclick: remove,
  };
  return h(
    "li",
    { class: "file transfer", testid: "unfinished", "data-name": upload.filename },
    h("span", { class: "transfer-sign" }, icon(upload.state === "refused" ? "alert" : signOf(upload.file_type))),
    h(
      "div",
      { class: "transfer-text" },
      h("strong", {}, upload.filename),
      meter(share, `Progress of ${upload.filename}`, "still"),
      h("p", { class: "small muted" }, text),
    ),
    h("div", { class: "transfer-type small muted" }, labelOf(upload.file_type)),
    h("div", { class: "row" }, button("", props, icon("close", "small"))),
  );
}
