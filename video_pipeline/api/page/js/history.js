// Owns what happened to a job, newest first; hides the events' kinds.
import { button, fill, h } from "./dom.js";
import { when } from "./when.js";
import { statusOf, words } from "./wording.js";

const FIRST = 8;

/** @param {import("./desk.js").Desk} desk */
export function history(desk) {
  const list = h("ol", { class: "history", testid: "history" });
  const more = button("", {
    class: "link",
    testid: "history-more",
    onclick: () => {
      all = true;
      show();
    },
  });
  let all = false;
  let shown = "";
  const show = () => {
    const events = desk.history.filter((event) => !SILENT.has(event.kind)).sort((a, b) => b.id - a.id);
    const text = `${events[0]?.id} ${events.length} ${all}`;
    if (text === shown) return;
    shown = text;
    fill(list, (all ? events : events.slice(0, FIRST)).map(line));
    more.hidden = all || events.length <= FIRST;
    more.lastChild.textContent = `Show all ${events.length}`;
  };
  more.append(h("span", {}, ""));
  desk.onChange(show);
  return h(
    "section",
    { class: "panel side-panel", "aria-labelledby": "history-title" },
    h("h2", { id: "history-title" }, "History"),
    list,
    more,
  );
}

/** What the kinds of lines are called; lines that concern machines only are left out. */
const KINDS = {
  created: "Ordered",
  planned: "Storyboard planned",
  approved: "Approved",
  approval_reset: "Approval reset",
  retried: "Retried",
  cancelled: "Cancelled",
  refined: "Scene refined",
  reordered: "Scenes reordered",
  restored: "Picture restored",
  reworded: "Words changed",
  rendered: "Video rendered",
  exported: "Export made",
  ordered: "Work ordered",
  order_completed: "Ordered work done",
  order_failed: "Ordered work failed",
};
const SILENT = new Set(["claimed", "order_begun"]);
const WORDLESS = new Set(["rendered", "order_completed"]); // paths and counts

function line(event) {
  const tone = event.status_to ? statusOf(event.status_to).tone : "gray";
  return h(
    "li",
    { testid: "history-event", "data-kind": event.kind },
    h("span", { class: `dot tone-${tone}` }),
    h(
      "div",
      {},
      h("p", {}, titleOf(event)),
      detailOf(event) && h("p", { class: "small muted" }, detailOf(event)),
      h("p", { class: "small muted" }, when(event.created_at)),
    ),
  );
}

const moves = (event) => event.kind === "moved" && event.status_to;

const titleOf = (event) => (moves(event) ? statusOf(event.status_to).label : (KINDS[event.kind] ?? words(event.kind)));

function detailOf(event) {
  const repeats = moves(event) && (KINDS[event.message] || event.message.includes(` to ${event.status_to}`));
  // The checksum of what was approved says nothing to people.
  return repeats || WORDLESS.has(event.kind) ? "" : event.message.replace(/:? ?[0-9a-f]{64}\b/, "");
}
