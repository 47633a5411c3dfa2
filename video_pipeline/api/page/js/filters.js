// Owns the search and the filters over the board; hides how they stand in the address.
import { button, debounced, h, icon } from "./dom.js";
import { choose } from "./fields.js";
import { KIND } from "./wording.js";

const SEARCH_PAUSE_MS = 300;

export class Filters {
  /**
   * @param {URLSearchParams} query of the address
   * @param {() => void} changed is called when something else is wanted
   */
  constructor(query, changed) {
    this.changed = changed;
    this.view = query.get("view") === "list" ? "list" : "board";
    this.channelId = query.get("channel_id") ?? "";
    const words = { placeholder: "Search titles, niches, moods", "aria-label": "Search videos" };
    const value = query.get("q") ?? "";
    this.search = h("input", { class: "input", type: "search", ...words, value, testid: "search" });
    this.channel = choose([["", "All channels"]], { "aria-label": "Channel", testid: "filter-channel" });
    const kind = { "aria-label": "Kind", testid: "filter-kind", value: query.get("kind") ?? "" };
    this.kind = choose([["", "All kinds"], ...Object.entries(KIND)], kind);
    this.views = { board: this.viewButton("Board", "board"), list: this.viewButton("List", "list") };
    this.node = this.bar();
    this.mark();
  }

  bar() {
    const views = { class: "segments", role: "group", "aria-label": "View" };
    this.search.addEventListener(
      "input",
      debounced(SEARCH_PAUSE_MS, () => this.refresh()),
    );
    this.kind.addEventListener("change", () => this.refresh());
    this.channel.addEventListener("change", () => {
      this.channelId = this.channel.value;
      this.refresh();
    });
    return h(
      "div",
      { class: "filters", role: "search" },
      h("div", { class: "with-icon search" }, icon("search"), this.search),
      this.channel,
      this.kind,
      h("div", views, this.views.board, this.views.list),
    );
  }

  viewButton(label, name) {
    const onclick = () => {
      this.view = name;
      if (name === "board") this.search.value = "";
      this.refresh();
    };
    return button(label, { testid: `view-${name}`, onclick }, icon(name));
  }

  refresh() {
    this.mark();
    this.changed();
  }

  mark() {
    const shown = this.listed ? "list" : "board";
    for (const [name, node] of Object.entries(this.views)) node.setAttribute("aria-pressed", String(name === shown));
  }

  /** Whether a list is wanted; what is searched for is always shown as one. */
  get listed() {
    return this.view === "list" || this.search.value.trim() !== "";
  }

  /** The filters as GET /jobs takes them. */
  get wanted() {
    return { q: this.search.value.trim(), channel_id: this.channelId, kind: this.kind.value };
  }

  /** Whether the board shows a job. */
  fits(job) {
    return (!this.channelId || job.channel_id === this.channelId) && (!this.kind.value || job.kind === this.kind.value);
  }

  /** The filters as they stand in the address. */
  get query() {
    const all = { ...this.wanted, view: this.view === "list" ? "list" : "" };
    return new URLSearchParams(Object.entries(all).filter(([, value]) => value));
  }

  offerChannels(channels) {
    this.channel.append(...channels.map((each) => h("option", { value: each.id }, each.name)));
    this.channel.value = this.channelId;
  }
}
