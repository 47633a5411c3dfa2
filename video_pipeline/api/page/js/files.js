// Owns the files that were uploaded for a job; hides where they are fetched from, and the way there.
import { button, busy, fill, h, icon } from "./dom.js";
import { confirmed } from "./dialog.js";
import { labelOf, signOf } from "./file-types.js";
import { get, isAbort, remove } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";
import { uploadArea } from "./upload-area.js";
import { when } from "./when.js";
import { count, excuse, size } from "./wording.js";

/**
 * Open from the beginning when the job waits for files.
 * @param {import("./desk.js").Desk} desk
 */
export function files(desk) {
  const list = h("ul", { class: "files", testid: "files" });
  const tally = h("span", { class: "muted small" });
  const node = h(
    "details",
    { class: "fold panel job-files", testid: "files-section" },
    h("summary", {}, "Uploaded files ", tally),
    list,
    may("edit") && uploadArea(desk, arrived),
  );
  let loaded = false;
  node.addEventListener("toggle", () => {
    if (node.open && !loaded) load();
  });

  function arrived() {
    load();
    desk.refresh().catch(() => {}); // what is missing has changed
  }

  async function load() {
    try {
      const { items } = await get(`/jobs/${desk.id}/files`, { signal: desk.signal });
      loaded = true;
      tally.textContent = count(items.length, "file");
      fill(
        list,
        items.length
          ? items.map((item) => row(desk, item, arrived))
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
  if (desk.job?.status === "preparing") node.open = true; // which loads the list
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
    icon(signOf(item.file_type)),
    h(
      "div",
      {},
      h("a", { href: item.url, download: "" }, item.filename),
      h(
        "p",
        { class: "small muted" },
        `${labelOf(item.file_type)} · ${size(item.bytes)} · `,
        when(item.uploaded_at),
      ),
    ),
    may("edit") && bin,
  );
}
