// Owns one column of the board: its pages, and the order in which its cards stand; hides how a list becomes cards.
import { busy, button, fill, h, icon } from "./dom.js";
import { card, cardSkeleton } from "./card.js";
import { get, isAbort } from "./http.js";
import { excuse } from "./wording.js";

const PAGE = 20;
const SKELETONS = 2;

/** A column of jobs in some statuses, newest first. */
export class Column {
  /**
   * @param {{id: string, label: string, tone: string, statuses: string[], folded?: boolean}} group
   * @param {AbortSignal} signal
   */
  constructor(group, signal) {
    this.group = group;
    this.signal = signal;
    this.cards = new Map();
    this.cursor = null;
    this.folded = Boolean(group.folded);
    this.state = "loading";
    this.count = h("span", { class: "count", testid: "column-count" });
    this.list = h("ul", { class: "cards" });
    this.note = h("div", {});
    this.more = button("Show more", {
      class: "quiet more",
      testid: "show-more",
      onclick: () => busy(this.more, () => this.next()),
    });
    this.content = h("div", { class: "stack-tight" }, this.list, this.note, this.more);
    this.node = h(
      "section",
      { class: "column", "aria-label": group.label, testid: "board-column", "data-column": group.id },
      h(
        "div",
        { class: "column-head" },
        h("span", { class: `dot tone-${group.tone}` }),
        h("h2", {}, group.label),
        this.count,
        group.folded && this.fold(),
      ),
      this.content,
    );
    this.show();
  }

  fold() {
    const node = button(
      "",
      {
        class: "quiet small square",
        "aria-expanded": "false",
        "aria-label": `Show ${this.group.label.toLowerCase()} videos`,
        testid: "column-fold",
      },
      icon("right", "small"),
    );
    node.addEventListener("click", () => {
      this.folded = !this.folded;
      node.setAttribute("aria-expanded", String(!this.folded));
      node.replaceChildren(icon(this.folded ? "right" : "down", "small"));
      this.show();
    });
    return node;
  }

  /** Fetch the first page anew; cards that are still there stay where they are. */
  async load(filters) {
    this.filters = filters;
    try {
      const page = await this.page(null);
      if (this.filters !== filters) return; // asked anew in the meantime
      const kept = new Set(page.items.map((job) => job.id));
      const oldest = page.next_cursor && page.items.at(-1)?.created_at;
      for (const [id, each] of this.cards) {
        if (!kept.has(id) && !(oldest && each.job.created_at < oldest)) this.cards.delete(id);
      }
      for (const job of page.items) this.put(job);
      if (this.cursor === null || this.cards.size <= PAGE) this.cursor = page.next_cursor;
      this.state = "ready";
    } catch (error) {
      if (isAbort(error)) return;
      this.state = "failed";
      this.reason = excuse(error);
    }
    this.show();
  }

  page(cursor) {
    return get("/jobs", {
      query: { status: this.group.statuses, limit: PAGE, cursor, ...this.filters },
      signal: this.signal,
    });
  }

  /** Fetch the next page. */
  async next() {
    try {
      const page = await this.page(this.cursor);
      for (const job of page.items) this.put(job);
      this.cursor = page.next_cursor;
    } catch (error) {
      if (!isAbort(error)) this.reason = excuse(error);
    }
    this.show();
  }

  /** Begin anew, with other filters. */
  clear() {
    this.cards.clear();
    this.cursor = null;
    this.state = "loading";
    this.show();
  }

  has(id) {
    return this.cards.has(id);
  }

  put(job) {
    const old = this.cards.get(job.id);
    if (!old) this.cards.set(job.id, card(job));
    else if (old.job.updated_at !== job.updated_at) old.update(job);
    return !old;
  }

  /** A job that came here while one was looking. */
  arrive(job) {
    if (this.put(job)) this.cards.get(job.id).node.classList.add("fresh");
    this.show();
  }

  take(id) {
    if (this.cards.delete(id)) this.show();
  }

  show() {
    const jobs = [...this.cards.values()].sort((a, b) => (a.job.created_at < b.job.created_at ? 1 : -1));
    const nodes =
      this.state === "loading" ? Array.from({ length: SKELETONS }, cardSkeleton) : jobs.map((each) => each.node);
    if (nodes.length !== this.list.children.length || nodes.some((node, at) => node !== this.list.children[at]))
      this.list.replaceChildren(...nodes);
    const empty = this.state === "ready" && jobs.length === 0;
    this.list.hidden = nodes.length === 0;
    this.content.hidden = this.folded;
    this.more.hidden = this.cursor === null || this.state !== "ready";
    this.node.classList.toggle("bare", empty);
    this.node.classList.toggle("folded", this.folded);
    this.node.setAttribute("aria-busy", String(this.state === "loading"));
    this.count.textContent = this.state === "ready" ? `${jobs.length}${this.cursor ? "+" : ""}` : "";
    fill(this.note, empty && h("p", { class: "column-none" }, "None"), this.state === "failed" && this.failure());
  }

  failure() {
    return h(
      "div",
      { class: "column-none", role: "alert" },
      h("p", {}, this.reason),
      button(
        "Try again",
        { class: "small", testid: "column-again", onclick: () => this.load(this.filters) },
        icon("retry", "small"),
      ),
    );
  }
}
