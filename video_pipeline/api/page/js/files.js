// Owns the files that were uploaded for a job; hides the upload, whose progress fetch cannot tell.
import { button, busy, fill, h, icon } from "./dom.js";
import { meter, moveMeter } from "./card.js";
import { confirmed } from "./dialog.js";
import { choose, complainIn, field, formError } from "./fields.js";
import { address, changingHeaders, get, isAbort, refused, remove } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { when } from "./when.js";
import { count, excuse, size } from "./wording.js";

const TYPES = [
  ["videos", "Video"],
  ["music", "Music"],
  ["sounds", "Sound"],
  ["quotes", "Quotes"],
];

/** @param {import("./desk.js").Desk} desk */
export function files(desk) {
  const list = h("ul", { class: "files", testid: "files" });
  const tally = h("span", { class: "muted small" });
  const node = h(
    "details",
    { class: "fold panel job-files", testid: "files-section" },
    h("summary", {}, "Uploaded files ", tally),
    list,
    may("edit") && uploadForm(desk, load),
  );
  let loaded = false;
  node.addEventListener("toggle", () => {
    if (node.open && !loaded) load();
  });

  async function load() {
    try {
      const { items } = await get(`/jobs/${desk.id}/files`, { signal: desk.signal });
      loaded = true;
      tally.textContent = count(items.length, "file");
      fill(
        list,
        items.length
          ? items.map((item) => row(desk, item, load))
          : h(
              "li",
              { class: "muted small" },
              "None. Files of your own are used by builds and kept beside other videos.",
            ),
      );
    } catch (error) {
      if (!isAbort(error))
        fill(
          list,
          h(
            "li",
            { class: "callout red" },
            icon("alert"),
            h("div", {}, h("p", {}, excuse(error)), button("Try again", { class: "small", onclick: load })),
          ),
        );
    }
  }
  return node;
}

function row(desk, item, changed) {
  const bin = button(
    "",
    { class: "quiet small square", "aria-label": `Delete ${item.filename}`, testid: "file-delete", onclick: drop },
    icon("trash", "small"),
  );
  async function drop() {
    if (!(await confirmed({ title: "Delete this file?", danger: true, action: "Delete", body: item.filename }))) return;
    try {
      await busy(bin, () => remove(`/jobs/${desk.id}/files/${item.id}`));
      toast("The file is deleted.");
    } catch (error) {
      toast(excuse(error), { tone: "red" });
    }
    changed();
  }
  return h(
    "li",
    { class: "file", testid: "file-row" },
    icon(item.file_type === "videos" ? "film" : item.file_type === "quotes" ? "list" : "music"),
    h(
      "div",
      {},
      h("a", { href: item.url, download: "" }, item.filename),
      h(
        "p",
        { class: "small muted" },
        `${TYPES.find(([key]) => key === item.file_type)?.[1] ?? item.file_type} · ${size(item.bytes)} · `,
        when(item.uploaded_at),
      ),
    ),
    may("edit") && bin,
  );
}

function uploadForm(desk, changed) {
  const file = field({
    name: "file",
    label: "File",
    control: h("input", { type: "file", class: "input", testid: "upload-file" }),
  });
  const type = field({ name: "file_type", label: "What it is", control: choose(TYPES, { testid: "upload-type" }) });
  const wrong = formError();
  const progress = h("div", { hidden: true }, meter(0, "Progress of the upload", "thick"));
  const send = button("Upload", { type: "submit", testid: "upload-submit" }, icon("upload"));

  async function submit(event) {
    event.preventDefault();
    complainIn(wrong, null);
    const [chosen] = file.input.files;
    if (!chosen) return file.complain("Choose a file first.");
    progress.hidden = false;
    try {
      await busy(send, () =>
        upload(desk, chosen, type.input.value, (percent) => moveMeter(progress.firstChild, percent)),
      );
      toast(`${chosen.name} is uploaded.`);
      file.input.value = "";
    } catch (error) {
      if (isAbort(error)) return undefined;
      complainIn(wrong, error.errors?.[0]?.message ?? excuse(error));
    } finally {
      progress.hidden = true;
    }
    return changed();
  }
  return h(
    "form",
    { class: "upload", onsubmit: submit, novalidate: true, testid: "upload-form" },
    file.node,
    type.node,
    send,
    progress,
    wrong,
  );
}

/** XMLHttpRequest, because fetch does not say how much was sent. */
function upload(desk, chosen, type, onPercent) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const body = new FormData();
    body.append("file_type", type);
    body.append("file", chosen);
    request.open("POST", address(`/jobs/${desk.id}/files`));
    for (const [name, value] of Object.entries(changingHeaders())) request.setRequestHeader(name, value);
    request.responseType = "json";
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) onPercent((100 * event.loaded) / event.total);
    };
    request.onload = () =>
      request.status < 300
        ? resolve(request.response)
        : reject(refused(request.status, request.response, request.getResponseHeader("Retry-After")));
    request.onerror = () => reject(refused(0, { detail: "The studio does not answer." }, null));
    request.onabort = () => reject(new DOMException("left", "AbortError"));
    desk.signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}
