// Owns which room is shown: the routes after the #, the login before them; hides the browser's history.
import { board } from "./board.js";
import { button, fill, h, icon } from "./dom.js";
import { isAbort } from "./http.js";
import { job } from "./job.js";
import { start, stop } from "./live.js";
import { login } from "./login.js";
import { order } from "./order.js";
import { forget, restore, session, signOut } from "./session.js";
import { drawBar, markTab } from "./shell.js";
import { statistics } from "./statistics.js";
import { toast } from "./toast.js";
import { excuse } from "./wording.js";

/**
 * What a room is given: where to draw, what the address says, when it is left.
 * @typedef {{outlet: HTMLElement, params: string[], query: URLSearchParams, signal: AbortSignal,
 *   leaveQuery: (query: URLSearchParams) => void, title: (text: string) => void}} View
 */

const ROUTES = [
  { pattern: /^\/$/, room: board, title: "Board", tab: "/" },
  { pattern: /^\/order$/, room: order, title: "New video", tab: "/order" },
  { pattern: /^\/jobs\/([\w-]+)$/, room: job, title: "Video", tab: "/" },
  { pattern: /^\/statistics$/, room: statistics, title: "Statistics", tab: "/statistics" },
];
const main = document.getElementById("main");
const bar = document.getElementById("bar");
let leaving = new AbortController();
let first = true;

const here = () => location.hash.slice(1) || "/";

/** Show the room that the address names. */
async function show() {
  leaving.abort();
  leaving = new AbortController();
  const [path, search = ""] = here().split("?");
  const query = new URLSearchParams(search);
  const outlet = h("div", { class: "room" });
  fill(main, outlet);
  window.scrollTo(0, 0);
  if (path === "/login" || !session.user) return showLogin(outlet, path, query);
  const route = ROUTES.find((each) => each.pattern.test(path));
  if (!route) return void lost(outlet);
  markTab(bar, route.tab);
  document.title = `${route.title} · Studio`;
  const [, ...params] = route.pattern.exec(path);
  const entered = leaving.signal;
  try {
    await route.room({ outlet, params, query, signal: entered, leaveQuery, title });
  } catch (error) {
    if (!isAbort(error) && !entered.aborted) broken(outlet, error);
  }
  if (!entered.aborted) focusHeading();
}

function focusHeading() {
  if (!first && !main.contains(document.activeElement))
    (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  first = false;
}

function showLogin(outlet, path, query) {
  if (path !== "/login") query = new URLSearchParams(here() === "/" ? {} : { next: here() });
  bar.hidden = true;
  document.title = "Sign in · Studio";
  const { signal } = leaving;
  // Whoever went elsewhere while the answer was awaited is not brought back.
  login({ outlet, query, enter: (next) => enter(signal.aborted ? here() : next) });
}

function enter(next) {
  admit();
  if (here() === next) show();
  else location.replace(`#${next.startsWith("/login") ? "/" : next}`);
}

function admit() {
  drawBar(bar, leave);
  start();
}

async function leave() {
  try {
    await signOut();
  } catch (error) {
    return toast(excuse(error), { tone: "red" });
  }
  stop();
  if (here() === "/login") show();
  else location.hash = "/login";
}

/** Keep a room's filters in the address without entering it anew. */
function leaveQuery(query) {
  const [path] = here().split("?");
  const text = query.toString();
  history.replaceState(null, "", `#${path}${text ? `?${text}` : ""}`);
}

function title(text) {
  document.title = `${text} · Studio`;
}

function lost(outlet) {
  fill(
    outlet,
    h(
      "div",
      { class: "empty" },
      icon("search", "large"),
      h("h1", { tabindex: "-1" }, "There is nothing here"),
      h("p", {}, "The address names no page of the studio."),
      h("a", { class: "button", href: "#/" }, "To the board"),
    ),
  );
}

function broken(outlet, error, again = show) {
  if (error.status === undefined) console.error(error);
  fill(
    outlet,
    h(
      "div",
      { class: "empty", role: "alert", testid: "load-error" },
      icon("alert", "large"),
      h("h1", { tabindex: "-1" }, error.status === 404 ? "There is no such video" : "This could not be loaded"),
      h("p", {}, error.status === 404 ? "It was deleted, or it belongs to somebody else." : excuse(error)),
      h(
        "div",
        { class: "row" },
        button("Try again", { testid: "load-again", onclick: () => again() }, icon("retry")),
        h("a", { class: "button quiet", href: "#/" }, "To the board"),
      ),
    ),
  );
}

window.addEventListener("hashchange", show);
window.addEventListener("studio:signed-out", () => {
  if (!session.user) return;
  forget();
  stop();
  for (const each of document.querySelectorAll("dialog[open]")) each.close();
  location.replace(`#/login?next=${encodeURIComponent(here())}`);
});
document.querySelector("[data-skip]").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

async function begin() {
  try {
    if (await restore()) admit();
    await show();
  } catch (error) {
    fill(main, h("div", {}));
    broken(main.firstChild, error, begin);
  }
}

begin();
