// Owns the login; hides the session's wrong answers.
import { busy, button, h, icon } from "./dom.js";
import { complainIn, field, formError } from "./fields.js";
import { signIn } from "./session.js";
import { themeSwitch } from "./theme.js";
import { excuse, lasting } from "./wording.js";

/** @param {{outlet: HTMLElement, query: URLSearchParams, enter: (next: string) => void}} view */
export function login({ outlet, query, enter }) {
  const name = input("name", "Name", { autocomplete: "username", autocapitalize: "none", spellcheck: "false" });
  const password = input("password", "Password", { type: "password", autocomplete: "current-password" });
  const wrong = formError();
  const submit = button("Sign in", { type: "submit", class: "primary wide", testid: "login-submit" });
  const next = query.get("next");
  const onsubmit = (event) => {
    event.preventDefault();
    send({ name, password, wrong, submit, done: () => enter(next ?? "/") });
  };
  const props = { novalidate: true, onsubmit, testid: "login-form" };
  const form = h("form", props, name.node, password.node, wrong, submit);
  const foot = h("div", { class: "login-foot" }, themeSwitch());
  outlet.append(h("div", { class: "login" }, h("div", { class: "login-card panel" }, greeting(next), form), foot));
  name.input.focus();
}

function input(name, label, props) {
  const control = h("input", { class: "input", name, required: true, testid: `login-${name}`, ...props });
  return field({ name, label, control });
}

function greeting(next) {
  const text = next === null ? "Order, look at and approve long ambient videos." : "Sign in to go on where you were.";
  const words = h("div", {}, h("h1", { tabindex: "-1" }, "Sign in to the studio"), h("p", { class: "muted" }, text));
  return h("header", {}, h("span", { class: "brand-mark" }, icon("brand")), words);
}

async function send({ name, password, wrong, submit, done }) {
  complainIn(wrong, null);
  for (const each of [name, password]) each.complain(each.input.value ? null : `Give your ${each.name}.`);
  const missing = [name, password].find((each) => !each.input.value);
  if (missing) return missing.input.focus();
  try {
    await busy(submit, () => signIn(name.input.value, password.input.value));
    done();
  } catch (error) {
    complainIn(wrong, wordsOf(error));
    password.input.select();
    password.input.focus();
  }
  return undefined;
}

function wordsOf(error) {
  if (error.status === 401) return "Name or password is wrong.";
  if (error.status !== 429) return excuse(error);
  return `Too many tries. Wait ${error.retryAfterS ? lasting(error.retryAfterS) : "a minute"}, then try again.`;
}
