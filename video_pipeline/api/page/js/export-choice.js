// Owns ordering further exports: formats times qualities, several at once; hides how pairs become requests.
import { busy, button, fill, freshId, h, icon } from "./dom.js";
import { meter, moveMeter } from "./card.js";
import { complainIn, formError } from "./fields.js";
import { FORMAT, noteOf, qualityName } from "./exports.js";
import { isAbort, newKey, post } from "./http.js";
import { options } from "./options.js";
import { follow } from "./orders.js";
import { toast } from "./toast.js";
import { count, excuse, sentence } from "./wording.js";

const SOUND = { m4a: ["low", "medium", "high"], opus: ["low", "medium", "high"], flac: ["high"] };
const SIZES = {
  low: "480p",
  medium: "720p",
  high: "1080p",
  qhd: "1440p",
  uhd: "2160p",
  square: "1:1",
  vertical: "9:16",
};

/** @param {import("./desk.js").Desk} desk */
export function exportChoice(desk) {
  const rows = h("div", { class: "matrix", testid: "export-choice" });
  const wrong = formError();
  const send = button(
    "Make exports",
    { type: "submit", class: "primary", testid: "export-submit", disabled: true },
    icon("film"),
  );
  const hint = h("p", { class: "small muted grow" }, "Choose one or more. What exists already is not made again.");
  const under = h("div", { class: "stack-tight", testid: "export-progress" });
  const form = h(
    "form",
    { onsubmit: submit, novalidate: true },
    rows,
    wrong,
    h("div", { class: "matrix-foot" }, hint, send),
  );
  const node = h(
    "details",
    { class: "fold panel", testid: "export-more" },
    h("summary", {}, "Make further exports"),
    form,
  );
  let drawn = false;

  async function draw() {
    drawn = true;
    const { formats, qualities } = await options();
    fill(
      rows,
      formats.map((format) => formatRow(format, qualities)),
    );
    show(desk.job);
  }

  function show(job) {
    node.hidden = !job.video?.available;
    if (!drawn && node.open)
      draw().catch((error) => {
        drawn = false;
        complainIn(wrong, excuse(error));
      });
    const made = new Set((job.exports ?? []).map((each) => `${each.format} ${each.quality}`));
    for (const box of rows.querySelectorAll("input")) {
      const there = made.has(box.value);
      if (there) box.checked = false;
      box.disabled = there;
      box.closest("label").classList.toggle("made", there);
      box.closest("label").title = there ? "Exists already" : "";
    }
    tally();
  }

  function tally() {
    const chosen = rows.querySelectorAll("input:checked").length;
    send.disabled = chosen === 0;
    send.lastChild.textContent = chosen > 0 ? `Make ${count(chosen, "export")}` : "Make exports";
  }

  async function submit(event) {
    event.preventDefault();
    complainIn(wrong, null);
    const pairs = [...rows.querySelectorAll("input:checked")].map((box) => box.value.split(" "));
    try {
      const orders = await busy(send, () =>
        Promise.all(
          requests(pairs).map((json) => post(`/jobs/${desk.id}/exports`, { json, key: newKey(), signal: desk.signal })),
        ),
      );
      for (const box of rows.querySelectorAll("input:checked")) box.checked = false;
      for (const [at, order] of orders.entries()) watch(desk, order, requests(pairs)[at], under);
    } catch (error) {
      if (!isAbort(error)) complainIn(wrong, excuse(error));
    }
    tally();
  }

  rows.addEventListener("change", tally);
  node.addEventListener("toggle", () => show(desk.job));
  return { node: h("div", { class: "stack-tight" }, node, under), show };
}

function formatRow(format, qualities) {
  const fitting = SOUND[format] ?? qualities;
  const id = freshId("format");
  return h(
    "div",
    { class: "matrix-row", role: "group", "aria-labelledby": id },
    h(
      "div",
      {},
      h("p", { class: "matrix-name", id }, FORMAT[format] ?? format),
      h("p", { class: "small muted" }, noteOf(format)),
    ),
    h(
      "div",
      { class: "matrix-cells" },
      qualities
        .filter((quality) => fitting.includes(quality))
        .map((quality) =>
          h(
            "label",
            { class: "cell" },
            h("input", {
              type: "checkbox",
              value: `${format} ${quality}`,
              testid: "export-box",
              "data-format": format,
              "data-quality": quality,
            }),
            h("span", {}, qualityName(quality)),
            h("span", { class: "small muted" }, SOUND[format] ? "" : (SIZES[quality] ?? "")),
          ),
        ),
    ),
  );
}

/** The fewest requests for the chosen pairs: each request makes all its formats in all its qualities. */
export function requests(pairs) {
  const qualitiesOf = new Map();
  for (const [format, quality] of pairs) qualitiesOf.set(format, [...(qualitiesOf.get(format) ?? []), quality]);
  const together = new Map();
  for (const [format, qualities] of qualitiesOf) {
    const same = qualities.join();
    together.set(same, { formats: [...(together.get(same)?.formats ?? []), format], qualities });
  }
  return [...together.values()];
}

async function watch(desk, order, { formats, qualities }, place) {
  const called = formats.map((format) => FORMAT[format] ?? format);
  const name = `${called.join(", ")} in ${qualities.map(qualityName).join(", ")}`;
  const bar = meter(0, `Progress of ${name}`, "thick");
  const text = h(
    "p",
    { class: "small" },
    h("strong", {}, name),
    " ",
    h("span", { class: "muted message" }, "is waiting"),
  );
  const node = h("div", { class: "panel making", testid: "export-order", "data-status": order.status }, text, bar);
  place.append(node);
  const onProgress = (news) => {
    node.dataset.status = news.status;
    if (!news.progress) return;
    moveMeter(bar, news.progress.percent);
    text.querySelector(".message").textContent = news.progress.message;
  };
  try {
    await follow(order, { onProgress, signal: desk.signal });
    node.remove();
    toast(`${name} can be downloaded.`);
    await desk.refresh();
  } catch (error) {
    if (isAbort(error)) return;
    fill(
      node,
      h(
        "div",
        { class: "callout red" },
        icon("alert"),
        h("div", {}, h("p", {}, `${name} could not be made. ${sentence(error.detail)}`)),
        button(
          "",
          { class: "quiet small square", "aria-label": "Close this message", onclick: () => node.remove() },
          icon("close", "small"),
        ),
      ),
    );
  }
}
