// Owns the head of a job's page: title, status, progress, what to do next; hides which button belongs to which status.
import { approve } from "./approve.js";
import { meter, messageOf, moveMeter, statusPill } from "./card.js";
import { busy, button, h, icon, linkButton, renew } from "./dom.js";
import { confirmed } from "./dialog.js";
import { neededWords } from "./file-types.js";
import { call } from "./http.js";
import { nextStep } from "./next-step.js";
import { makePreview } from "./preview.js";
import { may } from "./session.js";
import { dropdown } from "./shell.js";
import { toast } from "./toast.js";
import { when } from "./when.js";
import { KIND, clock, excuse, lasting, lengthOf, moment, sentence, titleOf, words } from "./wording.js";

/** @param {import("./desk.js").Desk} desk */
export function head(desk) {
  const top = h("div", { class: "job-head" });
  const step = h("section", { class: "step panel", "aria-label": "What to do next", testid: "next-step" });
  desk.onChange((job) => {
    renew(top, [titleOf(job), job.status, job.approved, job.approved_at, job.duration_s, job.links], () =>
      titleLines(desk, job),
    );
    const advice = nextStep(job, desk.history);
    renew(step, [advice, job.status, job.preview, job.progress !== null, job.storyboard?.scenes.length, job.missing_files], () =>
      stepLines(desk, job, advice),
    );
    showProgress(step, job);
  });
  return h("div", {}, top, step);
}

function titleLines(desk, job) {
  return [
    h(
      "nav",
      { class: "crumbs", "aria-label": "Where you are" },
      h("a", { href: "#/" }, icon("left", "small"), "Board"),
    ),
    h(
      "div",
      { class: "job-title" },
      h(
        "div",
        {},
        h("div", { class: "row" }, statusPill(job.status), approvalPill(job)),
        h("h1", { tabindex: "-1", testid: "job-title" }, titleOf(job)),
        h("p", { class: "muted job-meta" }, meta(job)),
      ),
      menu(desk, job),
    ),
  ];
}

function approvalPill(job) {
  const state = job.approved ? "approved" : job.approval === "auto" ? "automatic" : "not approved";
  const look = job.approved ? "tone-green" : "";
  const text = { approved: "Approved", automatic: "Approves itself", "not approved": "Not approved" }[state];
  return h(
    "span",
    {
      class: `pill ${look}`,
      testid: "approval-state",
      "data-approved": String(job.approved),
      title: job.approved && job.approved_at && `Approved ${moment(job.approved_at)}`,
    },
    job.approved && icon("check", "small"),
    text,
  );
}

const meta = (job) =>
  [
    job.channel_name,
    " · ",
    KIND[job.kind] ?? words(job.kind),
    " · ",
    clock(lengthOf(job)),
    " · ordered ",
    job.user_id && `by ${job.user_id} `,
    when(job.created_at),
  ].filter(Boolean);

function stepLines(desk, job, advice) {
  const showing = advice.progress && job.progress;
  return [
    h("div", { class: `step-sign tone-${advice.tone}` }, icon(advice.icon)),
    h(
      "div",
      { class: "step-text" },
      h("p", { testid: "next-step-text" }, h("strong", {}, advice.title), " ", advice.text),
      showing &&
        h(
          "div",
          { class: "step-progress", testid: "progress" },
          meter(job.progress.percent, "Progress of this video", "thick"),
          h("p", { class: "small muted tabular" }, h("span", { class: "message" }), h("span", { class: "percent" })),
        ),
    ),
    h(
      "div",
      { class: "row step-actions" },
      advice.actions.map((name) => ACTIONS[name](desk, job)),
    ),
  ];
}

function showProgress(step, job) {
  const place = step.querySelector(".step-progress");
  if (!place || !job.progress) return;
  moveMeter(place.querySelector(".meter"), job.progress.percent);
  place.querySelector(".message").textContent = messageOf(job.progress);
  const left = job.progress.eta_s ? ` · about ${lasting(job.progress.eta_s)} left in this stage` : "";
  place.querySelector(".percent").textContent = `${Math.round(job.progress.percent)}%${left}`;
}

const ACTIONS = {
  approve: (desk) =>
    may("edit") &&
    button("Approve", { class: "primary", testid: "approve-button", onclick: () => approve(desk) }, icon("check")),
  preview: (desk, job) =>
    may("edit") &&
    !job.preview?.available &&
    button(
      "Make preview",
      { testid: "make-preview", onclick: (event) => makePreview(desk, event.currentTarget) },
      icon("film"),
    ),
  start: (desk, job) => may("spend") && startButton(desk, job.missing_files ?? []),
  retry: (desk) =>
    may("spend") &&
    act("Retry", "retry", "primary", "retry-button", (node) =>
      send(desk, node, "/retry", "It goes on from where it failed."),
    ),
  again: () => may("spend") && linkButton("Order another", "#/order", {}, icon("plus")),
  download: () =>
    linkButton(
      "Exports",
      "#exports",
      {
        class: "primary",
        testid: "to-exports",
        onclick: (event) => {
          event.preventDefault();
          scrollTo("exports-title");
        },
      },
      icon("download"),
    ),
};

/** It can be reached and pressed also while something is missing: then it says what. */
function startButton(desk, missing) {
  const node = act("Start", "play", "primary", "start-button", () =>
    missing.length
      ? toast(`It cannot start yet: ${neededWords(missing)} is missing.`, { tone: "amber" })
      : send(desk, node, "/start", "It is planned now."),
  );
  if (missing.length) node.setAttribute("aria-disabled", "true");
  return node;
}

const act = (label, sign, look, testid, run) =>
  button(label, { class: look, testid, onclick: (event) => run(event.currentTarget) }, icon(sign));

function scrollTo(id) {
  const node = document.getElementById(id);
  node?.scrollIntoView({ block: "start", behavior: "smooth" });
  node?.focus({ preventScroll: true });
}

async function send(desk, node, path, done) {
  try {
    const { data } = await busy(node, () => call("POST", `/jobs/${desk.id}${path}`));
    desk.accept(data);
    toast(done);
  } catch (error) {
    toast(excuse(error), { tone: "red" });
    desk.refresh().catch(() => {});
  }
}

const STOPPED = new Set(["completed", "failed", "cancelled"]);

function menu(desk, job) {
  const items = [
    job.links?.dagster_run &&
      h(
        "a",
        {
          class: "button quiet",
          href: job.links.dagster_run,
          target: "_blank",
          rel: "noopener",
          testid: "link-dagster",
        },
        icon("external"),
        "Dagster run",
      ),
    job.links?.metadata &&
      h(
        "a",
        { class: "button quiet", href: job.links.metadata, target: "_blank", rel: "noopener", testid: "link-metadata" },
        icon("list"),
        "Metadata (JSON)",
      ),
    job.links?.licences &&
      h(
        "a",
        { class: "button quiet", href: job.links.licences, download: "", testid: "link-licences" },
        icon("download"),
        "Licences (zip)",
      ),
    may("edit") &&
      !STOPPED.has(job.status) &&
      button(
        "Cancel this video",
        { class: "quiet", testid: "cancel-button", onclick: () => cancel(desk) },
        icon("stop"),
      ),
    may("edit") &&
      button("Delete", { class: "quiet danger", testid: "delete-button", onclick: () => destroy(desk) }, icon("trash")),
  ].filter(Boolean);
  if (items.length === 0) return null;
  const opener = button(
    "",
    { class: "square", "aria-label": "More about this video", "aria-expanded": "false", testid: "job-menu" },
    icon("more"),
  );
  return dropdown(opener, h("div", { class: "menu-list", hidden: true }, items));
}

async function cancel(desk) {
  const yes = await confirmed({
    title: "Cancel this video?",
    danger: true,
    action: "Cancel the video",
    body: "Work stops within seconds. What was paid for stays paid; a cancelled video cannot be taken up again.",
  });
  if (yes) await send(desk, document.querySelector("[data-testid=job-menu]"), "/cancel", "The video is cancelled.");
}

async function destroy(desk) {
  const { exports: made = [] } = desk.job;
  const yes = await confirmed({
    title: "Delete this video?",
    danger: true,
    action: "Delete for good",
    body: h(
      "p",
      {},
      `“${titleOf(desk.job)}” and everything made for it go: music, pictures`,
      made.length ? `, ${made.length} exports` : "",
      ". This cannot be undone.",
    ),
  });
  if (!yes) return;
  try {
    await call("DELETE", `/jobs/${desk.id}`);
    toast("The video is deleted.");
    location.hash = "/";
  } catch (error) {
    toast(
      error.status === 409 ? `${sentence(error.detail)} Cancel it first, or wait until it is done.` : excuse(error),
      { tone: "red" },
    );
  }
}
