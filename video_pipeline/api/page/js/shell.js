// Owns the bar on top: where one is, who one is, whether news arrive; hides its menu.
import { button, fill, h, icon, linkButton } from "./dom.js";
import { listen, state } from "./live.js";
import { may, session } from "./session.js";
import { themeSwitch } from "./theme.js";

const TABS = [
  { path: "/", label: "Board", icon: "board" },
  { path: "/order", label: "New video", icon: "plus", phoneOnly: true, scope: "spend" },
  { path: "/statistics", label: "Statistics", icon: "chart" },
];
const STATES = { live: "Live", polling: "Every few seconds", offline: "Offline" };
const forever = new AbortController().signal;

/** Draw the bar for who is signed in. */
export function drawBar(bar, onSignOut) {
  bar.hidden = false;
  fill(
    bar,
    h(
      "a",
      { class: "brand", href: "#/", "aria-label": "Studio, to the board" },
      h("span", { class: "brand-mark" }, icon("brand")),
      h("span", {}, "Studio"),
    ),
    h("nav", { class: "tabs", "aria-label": "Main" }, TABS.filter((tab) => !tab.scope || may(tab.scope)).map(tabOf)),
    h(
      "div",
      { class: "tools" },
      liveSign(),
      may("spend") &&
        linkButton("New video", "#/order", { class: "primary order-link", testid: "new-video" }, icon("plus")),
      themeSwitch(),
      userMenu(onSignOut),
    ),
  );
}

const tabOf = (tab) =>
  h(
    "a",
    {
      class: `tab ${tab.phoneOnly ? "phone-only" : ""}`,
      href: `#${tab.path}`,
      "data-path": tab.path,
      testid: `tab-${tab.label.toLowerCase().replace(" ", "-")}`,
    },
    icon(tab.icon),
    h("span", {}, tab.label),
  );

/** Mark the tab of the room one is in. */
export function markTab(bar, path) {
  for (const tab of bar.querySelectorAll(".tab")) {
    if (tab.dataset.path === path) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
}

function liveSign() {
  const label = h("span", {});
  const node = h("span", { class: "live", testid: "live-state" }, h("span", { class: "dot" }), label);
  const show = (now) => {
    node.dataset.state = now;
    label.textContent = STATES[now];
    node.title =
      now === "live"
        ? "News arrive as they happen"
        : now === "polling"
          ? "The live connection is down; the page looks every few seconds"
          : "No connection";
  };
  show(state);
  listen("state", show, forever);
  return node;
}

function userMenu(onSignOut) {
  const { name, scope } = session.user;
  const list = h(
    "div",
    { class: "menu-list", id: "user-menu", hidden: true },
    h("div", { class: "menu-note" }, h("strong", {}, name), `May ${RIGHTS[scope] ?? scope}`),
    button("Sign out", { class: "quiet", testid: "sign-out", onclick: onSignOut }, icon("logout")),
  );
  const opener = button(
    "",
    {
      class: "quiet square",
      "aria-label": `Account of ${name}`,
      "aria-expanded": "false",
      "aria-controls": "user-menu",
      testid: "user-menu",
    },
    h("span", { class: "avatar", "aria-hidden": "true" }, name.slice(0, 2)),
  );
  return dropdown(opener, list);
}

const RIGHTS = { read: "look", edit: "look and edit", spend: "order and edit", admin: "do everything" };

/** A button that shows and hides a list; Escape, a click elsewhere and leaving by Tab close it. */
export function dropdown(opener, list) {
  const node = h("div", { class: "menu" }, opener, list);
  const open = (yes) => {
    list.hidden = !yes;
    opener.setAttribute("aria-expanded", String(yes));
    if (yes) list.querySelector("a, button")?.focus();
  };
  opener.addEventListener("click", () => open(list.hidden));
  list.addEventListener("click", (event) => {
    if (event.target.closest("a, button")) open(false);
  });
  node.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || list.hidden) return;
    open(false);
    opener.focus();
  });
  node.addEventListener("focusout", (event) => {
    if (!node.contains(event.relatedTarget)) open(false);
  });
  return node;
}
