// Owns the list of jobs that a search and filters found; hides its pages.
import { announce, busy, button, fill, h, icon, linkButton } from "./dom.js";
import { row } from "./card.js";
import { get, isAbort } from "./http.js";
import { may } from "./session.js";
import { count, excuse } from "./wording.js";

const PAGE = 30;

/**
 * @param {{filters: {q: string, channel_id: string, kind: string}, signal: AbortSignal}} options
 * @returns {{node: HTMLElement, refresh: () => Promise<void>}}
 */
export function results({ filters, signal }) {
  let cursor = null;
  let shown = 0;
  const list = h("ul", {});
  const more = button("Show more", {
    testid: "show-more",
    hidden: true,
    onclick: () => busy(more, () => load(cursor)),
  });
  const panel = h("div", { class: "results panel" }, list, h("div", { class: "results-foot" }, more));
  const node = h("section", { "aria-label": "Videos found", testid: "results" }, panel);

  async function load(from) {
    try {
      const page = await get("/jobs", { query: { ...filters, limit: PAGE, cursor: from }, signal });
      if (from === null) fill(list);
      list.append(...page.items.map(row));
      shown = list.children.length;
      cursor = page.next_cursor;
      more.hidden = cursor === null;
      more.parentNode.hidden = cursor === null;
      if (shown === 0) fill(node, nothing(filters));
      else if (!panel.isConnected) fill(node, panel);
      if (from !== null || filters.q) announce(`${count(shown, "video")}${cursor ? ", and more" : ""}`);
    } catch (error) {
      if (!isAbort(error))
        fill(
          node,
          failure(error, () => {
            fill(node, panel);
            load(null);
          }),
        );
    }
  }

  fill(list, Array.from({ length: 6 }, skeleton));
  more.parentNode.hidden = true;
  load(null);
  // A list that was paged through is left alone; it would jump.
  return {
    node,
    refresh: async () => {
      if (shown <= PAGE) await load(null);
    },
  };
}

const skeleton = () =>
  h(
    "li",
    { class: "result", "aria-hidden": "true" },
    h("div", { class: "poster skeleton" }),
    h("div", {}, h("div", { class: "skeleton line" }), h("div", { class: "skeleton line short" })),
  );

function nothing({ q, channel_id: channel, kind }) {
  if (!q && !channel && !kind) {
    return h(
      "div",
      { class: "empty panel" },
      icon("film", "large"),
      h("strong", {}, "No videos yet"),
      h("p", {}, "Order the first one; it appears here at once."),
      may("spend") && linkButton("New video", "#/order", { class: "primary" }, icon("plus")),
    );
  }
  return h(
    "div",
    { class: "empty panel", testid: "no-results" },
    icon("search", "large"),
    h("strong", {}, q ? `Nothing found for “${q}”` : "Nothing found"),
    h("p", {}, "Try another word, or fewer filters."),
  );
}

function failure(error, again) {
  return h(
    "div",
    { class: "empty panel", role: "alert" },
    icon("alert", "large"),
    h("strong", {}, "The list could not be loaded"),
    h("p", {}, excuse(error)),
    button("Try again", { onclick: again }, icon("retry")),
  );
}
