// Owns how a job looks from afar, as a card of the board and as a row of a list; hides where its poster comes from.
import { fill, h, icon } from "./dom.js";
import { address } from "./http.js";
import { when } from "./when.js";
import { KIND, clock, lengthOf, money, statusOf, titleOf, words } from "./wording.js";

const ILLUSTRATED = new Set(["awaiting_approval", "rendering", "ready_for_export", "completed"]);
const WORKING = new Set(["planned", "generating_music", "generating_image", "rendering", "ready_for_export"]);

/** The address of the picture that stands for a job; null while there is none. */
export function posterOf(job) {
  if (job.poster_url !== undefined) return job.poster_url;
  const later = job.progress && ["master", "exports"].includes(job.progress.stage);
  return ILLUSTRATED.has(job.status) || later ? address(`/jobs/${job.id}/scenes/1/image`, { width: 480 }) : null;
}

/** A 16:9 picture of a job with its length; a sign where no picture is. */
export function poster(job) {
  const source = posterOf(job);
  const image =
    source && h("img", { src: source, alt: "", loading: "lazy", decoding: "async", width: 480, height: 270 });
  image?.addEventListener("error", () => image.remove(), { once: true });
  return h(
    "div",
    { class: "poster" },
    icon(job.status.includes("music") ? "music" : "film", "large"),
    image,
    h("span", { class: "length" }, h("span", { class: "visually-hidden" }, "Length "), clock(lengthOf(job))),
  );
}

/** A bar of progress; `label` names it for screen readers. */
export function meter(percent, label, look = "") {
  const whole = Math.round(percent ?? 0);
  return h(
    "div",
    {
      class: `meter ${look}`,
      role: "progressbar",
      "aria-label": label,
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      "aria-valuenow": whole,
    },
    h("span", { vars: { "--share": whole / 100 } }),
  );
}

/** Show another percentage in a bar that `meter` made. */
export function moveMeter(node, percent) {
  const whole = Math.round(percent ?? 0);
  node.setAttribute("aria-valuenow", whole);
  node.firstChild.style.setProperty("--share", whole / 100);
}

export function statusPill(status) {
  const { label, tone } = statusOf(status);
  return h(
    "span",
    { class: `pill tone-${tone}`, testid: "status", "data-status": status },
    h("span", { class: "dot" }),
    label,
  );
}

/**
 * A card of the board.
 * @returns {{node: HTMLElement, job: any, update: (job: any) => void, progress: (progress: any) => void}}
 */
export function card(job) {
  const node = h("li", { class: "card", testid: "job-card", "data-job-id": job.id });
  const made = {
    node,
    job,
    update(next) {
      made.job = next;
      node.dataset.status = next.status;
      fill(node, poster(next), body(next));
    },
    progress(progress) {
      made.job = { ...made.job, progress };
      const old = node.querySelector(".card-progress");
      if (!old) return made.update(made.job);
      moveMeter(old.querySelector(".meter"), progress.percent);
      old.querySelector("span").textContent = messageOf(progress);
      old.querySelector(".percent").textContent = `${Math.round(progress.percent)}%`;
      return undefined;
    },
  };
  made.update(job);
  return made;
}

function body(job) {
  const working = WORKING.has(job.status) && job.progress;
  return h(
    "div",
    { class: "card-body" },
    h("h3", {}, h("a", { href: `#/jobs/${job.id}`, class: "clamp-2", testid: "job-link" }, titleOf(job))),
    h("p", { class: "card-meta" }, h("span", { class: "clamp-1" }, job.channel_name), when(job.updated_at)),
    working && progressOf(job),
    job.status === "failed" && h("p", { class: "card-error clamp-2" }, job.error_message ?? "It failed."),
  );
}

function progressOf(job) {
  return h(
    "div",
    { class: "card-progress" },
    h(
      "p",
      {},
      h("span", { class: "clamp-1" }, messageOf(job.progress)),
      h("span", { class: "percent tabular" }, `${Math.round(job.progress.percent)}%`),
    ),
    meter(job.progress.percent, `Progress of ${titleOf(job)}`),
  );
}

/** A message without the name of its stage, which the column says already. */
export function messageOf(progress) {
  const message = String(progress.message ?? "").replace(/^\w+: /, "");
  return message ? message.charAt(0).toUpperCase() + message.slice(1) : words(progress.stage);
}

/** A row of the list of results. */
export function row(job) {
  return h(
    "li",
    { class: "result", testid: "job-row", "data-job-id": job.id },
    poster(job),
    h(
      "div",
      {},
      h("a", { href: `#/jobs/${job.id}`, testid: "job-link" }, titleOf(job)),
      h(
        "p",
        { class: "muted small clamp-1" },
        `${job.channel_name} · ${KIND[job.kind] ?? words(job.kind)} · ${job.niche_label}`,
      ),
    ),
    h("div", {}, statusPill(job.status)),
    h("span", { class: "figure" }, clock(lengthOf(job))),
    h("span", { class: "figure" }, money(job.actual_cost_usd)),
    h("span", { class: "figure" }, when(job.created_at)),
  );
}

/** What is shown while cards are awaited. */
export function cardSkeleton() {
  return h(
    "li",
    { class: "card", "aria-hidden": "true" },
    h("div", { class: "poster skeleton" }),
    h("div", { class: "card-body" }, h("div", { class: "skeleton line" }), h("div", { class: "skeleton line short" })),
  );
}
