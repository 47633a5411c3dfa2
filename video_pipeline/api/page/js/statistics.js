// Owns the statistics: totals, by status, cost and output over time; hides where the figures come from.
import { chart } from "./chart.js";
import { button, fill, h, icon } from "./dom.js";
import { get, isAbort } from "./http.js";
import { session } from "./session.js";
import { STATUS, count, excuse, money, statusOf } from "./wording.js";

const PERIODS = { day: "Days", week: "Weeks", month: "Months" };

/** @param {import("./main.js").View} view */
export async function statistics({ outlet, query, signal, leaveQuery }) {
  const whose = session.user.scope === "admin" ? "All videos of the studio." : "Your videos.";
  const place = h("div", { class: "stack" }, h("div", { class: "tiles" }, ...Array.from({ length: 5 }, blankTile)));
  const title = h("div", {}, h("h1", { tabindex: "-1" }, "Statistics"), h("p", {}, whose));
  outlet.append(h("div", { class: "page-head" }, title), place);
  const [totals, channels] = await Promise.all([get("/statistics", { signal }), get("/channels", { signal })]);
  fill(place, tiles(totals, channels.items), byStatus(totals), overTime(query, leaveQuery, signal));
}

function blankTile() {
  const lines = ["line short", "title-blank"].map((look) => h("div", { class: `skeleton ${look}` }));
  return h("div", { class: "panel tile" }, lines);
}

function tiles(totals, channels) {
  const done = totals.by_status?.completed ?? 0;
  const rows = [
    ["Videos", totals.total_tasks?.toLocaleString("en") ?? "0", count(channels.length, "channel")],
    [
      "Completed",
      done.toLocaleString("en"),
      totals.total_tasks ? `${Math.round((100 * done) / totals.total_tasks)}% of all` : "",
    ],
    ["Spent", money(totals.total_cost), done ? `${money(totals.total_cost / done)} a video` : ""],
    [
      "Minutes of video",
      Math.round(totals.total_minutes ?? 0).toLocaleString("en"),
      totals.total_minutes ? `${money(totals.total_cost / totals.total_minutes)} a minute` : "",
    ],
    ["Exports", (totals.exports ?? 0).toLocaleString("en"), count(totals.downloads ?? 0, "download")],
  ];
  return h(
    "dl",
    { class: "tiles", testid: "totals" },
    rows.map(([name, value, note]) =>
      h(
        "div",
        { class: "panel tile" },
        h("dt", {}, name),
        h("dd", { class: "big-figure tabular" }, value),
        h("dd", { class: "small muted" }, note),
      ),
    ),
  );
}

function byStatus({ by_status: counts = {}, total_tasks: all }) {
  const rows = Object.keys(STATUS)
    .filter((status) => counts[status] > 0)
    .map((status) => ({ ...statusOf(status), number: counts[status], share: counts[status] / all }));
  const stripe = h("div", { class: "stripe", "aria-hidden": "true" }, rows.map(stripeOf));
  const content = rows.length ? [stripe, h("ul", { class: "legend" }, rows.map(legendOf))] : nothing();
  const props = { class: "panel statistic", "aria-labelledby": "by-status-title", testid: "by-status" };
  return h("section", props, h("h2", { id: "by-status-title" }, "By status"), content);
}

const stripeOf = ({ tone, share }) => h("span", { class: `dot tone-${tone}`, vars: { "--share": share } });

function legendOf({ tone, label, number }) {
  const figure = h("strong", { class: "tabular" }, number.toLocaleString("en"));
  return h("li", {}, h("span", { class: `dot tone-${tone}` }), h("span", {}, label), figure);
}

function overTime(query, leaveQuery, signal) {
  const content = h("div", { class: "stack", "aria-live": "polite" });
  let period = PERIODS[query.get("period")] ? query.get("period") : "week";
  const choose = (name) => {
    period = name;
    leaveQuery(new URLSearchParams({ period }));
    load();
  };
  const pick = ([name, label]) => button(label, { testid: `period-${name}`, onclick: () => choose(name) });
  const buttons = new Map(Object.entries(PERIODS).map((pair) => [pair[0], pick(pair)]));

  async function load() {
    const mine = period;
    for (const [name, node] of buttons) node.setAttribute("aria-pressed", String(name === mine));
    content.setAttribute("aria-busy", "true");
    try {
      const { items } = await get("/statistics/cost", { query: { period: mine }, signal });
      if (mine === period) fill(content, items.length ? figures(items, mine) : nothing());
    } catch (error) {
      if (!isAbort(error)) fill(content, failure(error, load));
    }
    content.removeAttribute("aria-busy");
  }

  fill(content, h("div", { class: "skeleton chart-blank" }), h("div", { class: "skeleton chart-blank" }));
  load();
  const choice = h("div", { class: "segments", role: "group", "aria-label": "Period" }, ...buttons.values());
  const head = h("div", { class: "section-head" }, h("h2", { id: "over-time-title" }, "Over time"), choice);
  const props = { class: "panel statistic", "aria-labelledby": "over-time-title", testid: "over-time" };
  return h("section", props, head, content);
}

const nothing = () => h("p", { class: "muted" }, "Nothing was ordered.");

function failure(error, again) {
  const retry = h("div", { class: "row" }, button("Try again", { class: "small", onclick: again }));
  return h(
    "div",
    { class: "callout red", role: "alert" },
    icon("alert"),
    h("div", {}, h("p", {}, excuse(error)), retry),
  );
}

function figures(items, period) {
  const rows = items.map((item) => ({ ...item, name: nameOf(item.period, period) }));
  const sum = (key) => items.reduce((total, item) => total + Number(item[key] ?? 0), 0);
  return [
    h(
      "div",
      { class: "charts" },
      chart({
        title: "Cost",
        note: `${money(sum("cost_usd"))} in all`,
        rows,
        value: (row) => Number(row.cost_usd),
        say: money,
        tone: "accent",
      }),
      chart({
        title: "Minutes of video",
        note: `${Math.round(sum("minutes")).toLocaleString("en")} in all`,
        rows,
        value: (row) => Number(row.minutes),
        say: (value) => `${Math.round(value).toLocaleString("en")} min`,
        tone: "green",
      }),
    ),
    h("details", { class: "fold", testid: "cost-table" }, h("summary", {}, "The figures as a table"), table(rows)),
  ];
}

function table(rows) {
  const head = ["Period", "Ordered", "Completed", "Minutes", "Cost"];
  return h(
    "div",
    { class: "table-frame", tabindex: "0", role: "region", "aria-label": "Figures over time" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((name) => h("th", { scope: "col" }, name)),
        ),
      ),
      h(
        "tbody",
        {},
        [...rows].reverse().map((row) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, row.name),
            [row.jobs, row.completed, Math.round(row.minutes), money(row.cost_usd)].map((value) =>
              h("td", {}, String(value ?? "")),
            ),
          ),
        ),
      ),
    ),
  );
}

const DAY = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en", { month: "short", year: "numeric", timeZone: "UTC" });

function nameOf(period, unit) {
  const date = new Date(period);
  if (Number.isNaN(date.getTime())) return String(period);
  return (unit === "month" ? MONTH : DAY).format(date);
}
