// Owns the board: which statuses stand together, filters, search and what happens live; hides its columns.
import { Column } from "./column.js";
import { button, debounced, h, icon } from "./dom.js";
import { choose } from "./fields.js";
import { get } from "./http.js";
import { listen } from "./live.js";
import { results } from "./results.js";
import { KIND, words } from "./wording.js";

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
const SEARCH_PAUSE_MS = 300;
const SETTLE_MS = 250;

/** @param {import("./main.js").View} view */
export async function board({ outlet, query, signal, leaveQuery }) {
  const place = h("div", {});
  const columns = GROUPS.map((group) => new Column(group, signal));
  const shelf = h(
    "div",
    { class: "board", testid: "board", tabindex: "0", role: "group", "aria-label": "Videos by status" },
    columns.map((column) => column.node),
  );
  const controls = filterBar(query, changed);
  let list = null;

  outlet.append(head(), controls.node, place);
  // News begin to be heard before the first look, so that nothing falls between the two.
  follow(columns, controls.fits, signal, () => list ?? { refresh: () => reload(false) });
  changed();
  controls.offerChannels((await get("/channels", { signal })).items);

  function changed() {
    const filters = controls.filters();
    leaveQuery(controls.query());
    if (controls.listed()) {
      list = results({ filters, signal });
      place.replaceChildren(list.node);
    } else {
      list = null;
      place.replaceChildren(shelf);
      reload(true);
    }
  }

  function reload(anew) {
    const { q: _, ...filters } = controls.filters();
    for (const column of columns) {
      if (anew) column.clear();
      column.load(filters);
    }
  }
}

function head() {
  return h(
    "div",
    { class: "page-head" },
    h("div", {}, h("h1", { tabindex: "-1" }, "Videos"), h("p", {}, "Everything that was ordered, by how far it is.")),
  );
}

function follow(columns, fits, signal, current) {
  const all = columns.flatMap((column) => column.group.statuses.map((status) => [status, column]));
  const byStatus = new Map(all);
  const place = (job) => {
    for (const column of columns) if (column !== byStatus.get(job.status)) column.take(job.id);
    if (fits(job)) byStatus.get(job.status)?.arrive(job);
  };
  const soon = new Map();
  // A line of history names the job only. Lines come in groups, so it is looked at once after the last of them.
  listen(
    "job",
    ({ job }) => {
      clearTimeout(soon.get(job.id));
      soon.set(
        job.id,
        setTimeout(() => look(job.id), SETTLE_MS),
      );
    },
    signal,
  );
  const look = (id) =>
    get(`/jobs/${id}`, { signal }).then(place, (error) => {
      if (error.status === 404) for (const column of columns) column.take(id);
    });
  listen(
    "progress",
    ({ job_id: id, progress }) => {
      for (const column of columns) if (progress) column.cards.get(id)?.progress(progress);
    },
    signal,
  );
  listen("tick", () => current().refresh(), signal);
}

function filterBar(query, changed) {
  const search = h("input", {
    class: "input",
    type: "search",
    placeholder: "Search titles, niches, moods",
    "aria-label": "Search videos",
    value: query.get("q") ?? "",
    testid: "search",
  });
  const channel = choose([["", "All channels"]], { "aria-label": "Channel", testid: "filter-channel" });
  const kind = choose([["", "All kinds"], ...Object.entries(KIND)], {
    "aria-label": "Kind",
    testid: "filter-kind",
    value: query.get("kind") ?? "",
  });
  let wish = query.get("channel_id") ?? "";
  const views = { board: viewButton("Board", "board"), list: viewButton("List", "list") };
  let view = query.get("view") === "list" ? "list" : "board";

  function viewButton(label, name) {
    return button(
      label,
      {
        testid: `view-${name}`,
        onclick: () => {
          view = name;
          if (name === "board") search.value = "";
          refresh();
        },
      },
      icon(name),
    );
  }
  const listed = () => view === "list" || search.value.trim() !== "";
  const refresh = () => {
    mark();
    changed();
  };
  const mark = () => {
    for (const [name, node] of Object.entries(views))
      node.setAttribute("aria-pressed", String((name === "list") === listed()));
  };
  search.addEventListener("input", debounced(SEARCH_PAUSE_MS, refresh));
  channel.addEventListener("change", () => {
    wish = channel.value;
    refresh();
  });
  kind.addEventListener("change", refresh);
  mark();
  const filters = () => ({ q: search.value.trim(), channel_id: wish, kind: kind.value });
  return {
    node: h(
      "div",
      { class: "filters", role: "search" },
      h("div", { class: "with-icon search" }, icon("search"), search),
      channel,
      kind,
      h("div", { class: "segments", role: "group", "aria-label": "View" }, views.board, views.list),
    ),
    filters,
    listed,
    fits: (job) => (!wish || job.channel_id === wish) && (!kind.value || job.kind === kind.value),
    query: () =>
      new URLSearchParams(
        Object.entries({ ...filters(), view: view === "list" ? view : "" }).filter(([, value]) => value),
      ),
    offerChannels: (channels) => {
      channel.append(...channels.map((each) => h("option", { value: each.id }, each.name || words(each.brand_niche))));
      channel.value = wish;
    },
  };
}
