// Owns uploading files to a job: dropped or chosen, several, two at a time; hides the queue.
import { announce, button, fill, h, icon } from "./dom.js";
import { guessType } from "./file-types.js";
import { get, isAbort } from "./http.js";
import { options } from "./options.js";
import { toast } from "./toast.js";
import { Transfer, begunWith, dropUpload, finishUpload } from "./transfer.js";
import { transferRow, unfinishedRow } from "./transfer-row.js";
import { count, excuse, size } from "./wording.js";

const AT_ONCE = 2;

/**
 * @param {import("./desk.js").Desk} desk
 * @param {() => void} arrived called after each file that the job has got
 */
export function uploadArea(desk, arrived) {
  const area = new UploadArea(desk, arrived);
  area.look().catch(() => {}); // the list of files says what is wrong
  return area.node;
}

const isWhole = (upload) => upload.state === "receiving" && upload.offset === upload.bytes;

class UploadArea {
  constructor(desk, arrived) {
    Object.assign(this, { desk, arrived });
    /** @type {{transfer: Transfer, row: ReturnType<typeof transferRow>, wanted: boolean}[]} */
    this.entries = [];
    this.unfinished = [];
    this.finishing = new Set(); // ids; each is tried once a visit
    this.list = h("ul", { class: "files", "aria-label": "Uploads", testid: "transfers" });
    const onchange = () => this.choose();
    this.input = h("input", { type: "file", multiple: true, hidden: true, onchange, testid: "upload-file" });
    this.send = button("Upload", { class: "primary", onclick: () => this.sendAll(), testid: "upload-submit" });
    this.node = h("div", { class: "upload-area", testid: "upload-area" }, this.zone(), this.list, this.send);
    desk.signal.addEventListener("abort", () => {
      for (const { transfer } of this.entries) transfer.pause();
    });
    this.draw();
  }

  zone() {
    const pick = button("Choose files", { onclick: () => this.input.click(), testid: "upload-choose" }, icon("plus"));
    const text = h("p", { class: "small muted" }, "Videos, pictures, music, sounds, quotes as UTF-8 text.");
    const zone = h(
      "div",
      { class: "drop-zone", testid: "drop-zone" },
      icon("upload", "large"),
      h("div", {}, h("p", {}, "Drop files here, or choose them."), text),
      pick,
      this.input,
    );
    const over = (event) => {
      event.preventDefault();
      zone.classList.toggle("over", event.type === "dragover");
    };
    for (const kind of ["dragover", "dragleave", "drop"]) zone.addEventListener(kind, over);
    zone.addEventListener("drop", (event) => this.add([...event.dataTransfer.files]));
    return zone;
  }

  /** Ask what earlier visits left unfinished. */
  async look() {
    const { items } = await get(`/jobs/${this.desk.id}/uploads`, { signal: this.desk.signal });
    const ours = new Set(this.entries.map(({ transfer }) => transfer.upload?.id));
    this.unfinished = items.filter((each) => !ours.has(each.id));
    this.draw();
    for (const each of this.unfinished.filter(isWhole)) this.finish(each);
  }

  /** All of it arrived, but nobody waited for the last answer. */
  async finish(upload) {
    if (this.finishing.has(upload.id)) return;
    this.finishing.add(upload.id);
    try {
      await finishUpload(this.desk.id, upload, this.desk.signal);
      this.arrived();
    } catch {
      // Why it was refused stands in the list that is asked for next.
    }
    this.look().catch(() => {});
  }

  choose() {
    const chosen = [...this.input.files];
    this.input.value = ""; // the same file can be chosen again
    this.add(chosen);
  }

  async add(files) {
    const { types } = (await options()).files;
    await this.look().catch(() => {});
    for (const file of files) this.addOne(file, types);
    this.draw();
    this.pump();
  }

  addOne(file, limits) {
    if (this.entries.some(({ transfer }) => transfer.file.name === file.name && transfer.file.size === file.size))
      return void toast(`${file.name} is in the list already.`, { tone: "amber" });
    if (file.size === 0) return void toast(`${file.name} is empty, or a folder.`, { tone: "amber" });
    const upload = begunWith(file, this.unfinished) ?? null;
    const type = upload?.file_type ?? guessType(file);
    if (file.size > limits[type])
      return void toast(`${file.name} has ${size(file.size)}; ${size(limits[type])} are allowed.`, { tone: "red" });
    const entry = { wanted: upload !== null };
    entry.transfer = new Transfer(this.desk.id, file, type, { upload, onChange: () => this.heed(entry) });
    entry.row = transferRow(entry.transfer, {
      pause: () => entry.transfer.pause(),
      resume: () => this.want(entry),
      remove: () => this.removeEntry(entry),
    });
    this.entries.push(entry);
    if (upload) this.unfinished = this.unfinished.filter((each) => each !== upload);
    return undefined;
  }

  sendAll() {
    for (const entry of this.entries) if (entry.transfer.state === "waiting") entry.wanted = true;
    this.pump();
    this.list.querySelector("button")?.focus(); // the button that was pressed is gone
  }

  want(entry) {
    entry.wanted = true;
    this.pump();
  }

  /** Begin what is wanted, as long as few are under way. */
  pump() {
    for (const entry of this.entries) {
      if (this.entries.filter(({ transfer }) => transfer.busy).length >= AT_ONCE) break;
      if (!entry.wanted || entry.transfer.busy) continue;
      entry.wanted = false;
      entry.transfer.run().then(() => this.pump());
    }
    this.draw();
  }

  heed(entry) {
    const { transfer, row } = entry;
    row.show();
    if (transfer.state === "failed") announce(`${transfer.file.name}: ${transfer.message}`);
    if (transfer.state !== "kept") return;
    announce(`${transfer.file.name} is uploaded.`);
    this.entries = this.entries.filter((each) => each !== entry);
    this.draw();
    this.arrived();
  }

  async removeEntry(entry) {
    try {
      await entry.transfer.drop();
      this.entries = this.entries.filter((each) => each !== entry);
    } catch (error) {
      toast(excuse(error), { tone: "red" });
    }
    this.pump();
    this.keepFocus();
  }

  /** The row that was removed had it. */
  keepFocus() {
    if (document.activeElement === document.body) this.node.querySelector("[data-testid=upload-choose]").focus();
  }

  async removeUnfinished(upload) {
    try {
      await dropUpload(this.desk.id, upload.id);
      this.unfinished = this.unfinished.filter((each) => each !== upload);
    } catch (error) {
      if (!isAbort(error)) toast(excuse(error), { tone: "red" });
    }
    this.draw();
    this.keepFocus();
  }

  draw() {
    const rows = [
      ...this.entries.map(({ row }) => row.node),
      ...this.unfinished.map((each) => unfinishedRow(each, () => this.removeUnfinished(each))),
    ];
    const key = rows.map((row) => row.dataset.name + row.dataset.testid).join("\n");
    if (key !== this.drawn) fill(this.list, rows);
    this.drawn = key;
    this.list.hidden = rows.length === 0;
    const waiting = this.entries.filter(({ transfer, wanted }) => transfer.state === "waiting" && !wanted).length;
    this.send.hidden = waiting === 0;
    this.send.lastChild.textContent = `Upload ${count(waiting, "file")}`;
  }
}
