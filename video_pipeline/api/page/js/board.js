// Owns the board: which statuses stand together, and what happens live; hides its columns.
import { Column } from "./column.js";
import { h } from "./dom.js";
import { Filters } from "./filters.js";
import { get } from "./http.js";
import { listen } from "./live.js";
import { results } from "./results.js";

const GROUPS = [
  { id: "ordered", label: "Ordered", tone: "gray", statuses: ["preparing", "planned"] },
  { id: "music", label: "Music", tone: "violet", statuses: ["generating_music"] },
  { id: "pictures", label: "Pictures", tone: "blue", statuses: ["generating_image"] },
  { id: "approval", label: "Awaiting approval", tone: "amber", statuses: ["awaiting_approval"] },
  { id: "rendering", label: "Rendering", tone: "accent", statuses: ["rendering"] },
  { id: "ready", label: "Ready", tone: "green", statuses: ["ready_for_export", "completed"] },
  { id: "failed", label: "Failed", tone: "red", statuses: ["failed"] },
  { id: "cancelled", label: "Cancelled", tone: "gray", statuses: ["cancelled"], folded: true },
];
const SETTLE_MS = 250;

/** @param {import("./main.js").View} view */
export async function board({ outlet, query, signal, leaveQuery }) {
  const shown = new Board(query, signal, leaveQuery);
  const intro = h("p", {}, "Everything that was ordered, by how far it is.");
  const head = h("div", { class: "page-head" }, h("div", {}, h("h1", { tabindex: "-1" }, "Videos"), intro));
  outlet.append(head, shown.filters.node, shown.place);
  // News begin to be heard before the first look, so that nothing falls between the two.
  shown.listen();
  shown.change();
  shown.filters.offerChannels((await get("/channels", { signal })).items);
}

class Board {
  constructor(query, signal, leaveQuery) {
    this.signal = signal;
    this.leaveQuery = leaveQuery;
    this.filters = new Filters(query, () => this.change());
    this.columns = GROUPS.map((group) => new Column(group, signal));
    this.byStatus = new Map(this.columns.flatMap((column) => column.group.statuses.map((each) => [each, column])));
    this.list = null; // results, when a list is shown
    this.soon = new Map();
    this.place = h("div", {});
    const props = { class: "board", testid: "board", tabindex: "0", role: "group", "aria-label": "Videos by status" };
    this.shelf = h("div", props, ...this.columns.map((column) => column.node));
  }

  change() {
    const { filters, signal } = this;
    this.leaveQuery(filters.query);
    this.list = filters.listed ? results({ filters: filters.wanted, signal }) : null;
    this.place.replaceChildren(this.list?.node ?? this.shelf);
    if (this.list) return;
    for (const column of this.columns) column.clear();
    this.reload();
  }

  reload() {
    const { q: _, ...wanted } = this.filters.wanted;
    for (const column of this.columns) column.load(wanted);
  }

  listen() {
    listen("job", ({ job }) => this.lookSoon(job.id), this.signal);
    listen("progress", ({ job_id: id, progress }) => this.progress(id, progress), this.signal);
    listen("tick", () => (this.list ? this.list.refresh() : this.reload()), this.signal);
  }

  /** A line of history names its job only. Lines come in groups: one looks once, after the last of them. */
  lookSoon(id) {
    clearTimeout(this.soon.get(id));
    const timer = setTimeout(() => this.look(id), SETTLE_MS);
    this.soon.set(id, timer);
  }

  async look(id) {
    try {
      this.put(await get(`/jobs/${id}`, { signal: this.signal }));
    } catch (error) {
      if (error.status === 404) for (const column of this.columns) column.take(id);
    }
  }

  put(job) {
    const here = this.filters.fits(job) ? this.byStatus.get(job.status) : null;
    for (const column of this.columns) if (column !== here) column.take(job.id);
    here?.arrive(job);
  }

  progress(id, progress) {
    for (const column of this.columns) if (progress) column.cards.get(id)?.progress(progress);
  }
}
