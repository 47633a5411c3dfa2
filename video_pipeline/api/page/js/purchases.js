// Owns what was bought for a job, and what a person has to decide about it; hides when it is asked for.
import { button, h, icon, renew } from "./dom.js";
import { get, isAbort } from "./http.js";
import { resolve } from "./resolve.js";
import { may } from "./session.js";
import { money, sentence, words } from "./wording.js";

const STATES = {
  reserved: ["Set aside", "gray"],
  submitting: ["Being ordered", "accent"],
  submitted: ["Being made", "accent"],
  settled: ["Paid", "green"],
  released: ["Given back", "gray"],
  doubtful: ["Doubtful", "amber"],
  lost: ["Paid in vain", "red"],
};

const THINGS = { music: "Music", images: "Picture", clips: "Clip" };

/** What was bought, from its name in the books, such as music/03. */
function thing(what) {
  const [kind, number] = what.split("/");
  if (kind === "thumbnails") return "Picture for thumbnails";
  return THINGS[kind] ? `${THINGS[kind]} ${Number(number)}` : words(kind);
}

/** @param {import("./desk.js").Desk} desk */
export function purchases(desk) {
  const content = h("div", { class: "stack" });
  const title = h("h2", { id: "money-title" }, "Money");
  const node = h(
    "section",
    { class: "job-section", "aria-labelledby": "money-title", testid: "money", hidden: true },
    h("div", { class: "section-head" }, title),
    content,
  );
  let asked = "";
  async function look(job, again = false) {
    const key = [job.status, job.actual_cost_usd, Math.floor(job.progress?.percent ?? 0)].join();
    if (key === asked && !again) return;
    asked = key;
    try {
      const told = await get(`/jobs/${desk.id}/purchases`, { signal: desk.signal });
      node.hidden = told.items.length === 0;
      renew(content, told, () => lines(told, () => look(desk.job, true)));
    } catch (error) {
      if (!isAbort(error)) asked = ""; // the next news asks again
    }
  }
  desk.onChange((job) => look(job));
  return node;
}

function lines(told, decided) {
  const { estimated_usd: expected, paid_usd: paid, reserved_usd: aside, cap_usd: cap, items } = told;
  const facts = [
    ["Estimated", money(expected), "money-estimated"],
    ["Paid", money(paid), "money-paid"],
    ["Set aside", money(aside), "money-reserved"],
    ["May cost at most", cap === null ? "No limit" : money(cap), "money-cap"],
  ];
  return [
    ...items.filter((each) => each.state === "doubtful").map((each) => doubt(each, decided)),
    h(
      "dl",
      { class: "money-facts" },
      facts.map(([name, value, testid]) => h("div", {}, h("dt", { class: "small muted" }, name), h("dd", { class: "tabular", testid }, value))),
    ),
    table(items),
  ];
}

/** What nobody but a person can know: whether the vendor took money. */
function doubt(purchase, decided) {
  const { provider, prompt, price_usd: price, note } = purchase;
  const [who, what] = [words(provider), thing(purchase.what).toLowerCase()];
  const says = `${who} may have taken ${money(price)} for ${what}: ${note || "its answer was lost"}`;
  const next = may("admin")
    ? `Look into the dashboard of ${who}, say here what it shows, then retry the video.`
    : `An administrator looks into the dashboard of ${who} and says here what it shows.`;
  const choice = (label, spent, testid) =>
    button(label, { class: "small", testid, onclick: () => resolve(purchase, { spent, who, what, onclose: decided }) });
  return h(
    "div",
    { class: "callout amber", testid: "money-doubt" },
    icon("alert"),
    h(
      "div",
      {},
      h("p", {}, h("strong", {}, sentence(says))),
      h("p", { class: "small" }, `It was asked for: ${prompt}`),
      h("p", { class: "small" }, next),
      may("admin") &&
        h(
          "div",
          { class: "row" },
          choice("It was paid", true, "money-spent"),
          choice("Nothing was taken", false, "money-unspent"),
        ),
    ),
  );
}

function table(items) {
  const head = ["What", "Provider", "State", "Cost"];
  return h(
    "div",
    {
      class: "table-frame",
      tabindex: "0",
      role: "group",
      "aria-label": "What was bought",
      "data-fallback-focus": true,
      testid: "money-table",
    },
    h(
      "table",
      { class: "purchases", testid: "money-purchases" },
      h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, items.map(row)),
    ),
  );
}

function row(each) {
  const [label, tone] = STATES[each.state] ?? [each.state, "gray"];
  const cost = each.cost_usd ?? each.price_usd;
  return h(
    "tr",
    { testid: "money-purchase", "data-state": each.state, title: each.note || undefined },
    h("td", {}, thing(each.what)),
    h("td", {}, words(each.provider)),
    h("td", {}, h("span", { class: `pill tone-${tone}` }, label)),
    h("td", { class: "tabular" }, each.cost_usd === null ? `up to ${money(cost)}` : money(cost)),
  );
}
