// Owns the login; hides the session's wrong answers.
import { busy, button, h, icon } from "./dom.js";
import { complainIn, field, formError } from "./fields.js";
import { signIn } from "./session.js";
import { themeSwitch } from "./theme.js";
import { excuse, lasting } from "./wording.js";

/** @param {{outlet: HTMLElement, query: URLSearchParams, enter: (next: string) => void}} view */
export function login({ outlet, query, enter }) {
  const name = field({
    name: "name",
    label: "Name",
    control: h("input", {
      class: "input",
      name: "name",
      autocomplete: "username",
      autocapitalize: "none",
      spellcheck: "false",
      required: true,
      testid: "login-name",
    }),
  });
  const password = field({
    name: "password",
    label: "Password",
    control: h("input", {
      class: "input",
      type: "password",
      name: "password",
      autocomplete: "current-password",
      required: true,
      testid: "login-password",
    }),
  });
  const wrong = formError();
  const submit = button("Sign in", { type: "submit", class: "primary wide", testid: "login-submit" });
  const form = h(
    "form",
    { novalidate: true, onsubmit: send, testid: "login-form" },
    name.node,
    password.node,
    wrong,
    submit,
  );
  const lost = query.get("next") !== null;

  async function send(event) {
    event.preventDefault();
    complainIn(wrong, null);
    for (const each of [name, password]) each.complain(each.input.value ? null : `Give your ${each.name}.`);
    const missing = [name, password].find((each) => !each.input.value);
    if (missing) return missing.input.focus();
    try {
      await busy(submit, () => signIn(name.input.value, password.input.value));
      enter(query.get("next") ?? "/");
    } catch (error) {
      complainIn(wrong, wordsOf(error));
      password.input.select();
      password.input.focus();
    }
  }

  outlet.append(
    h(
      "div",
      { class: "login" },
      h(
        "div",
        { class: "login-card panel" },
        h(
          "header",
          {},
          h("span", { class: "brand-mark" }, icon("brand")),
          h(
            "div",
            {},
            h("h1", { tabindex: "-1" }, "Sign in to the studio"),
            h(
              "p",
              { class: "muted" },
              lost ? "Sign in to go on where you were." : "Order, look at and approve long ambient videos.",
            ),
          ),
        ),
        form,
      ),
      h("div", { class: "login-foot" }, themeSwitch()),
    ),
  );
  name.input.focus();
}

function wordsOf(error) {
  if (error.status === 401) return "Name or password is wrong.";
  if (error.status === 429)
    return `Too many tries. Wait ${error.retryAfterS ? lasting(error.retryAfterS) : "a minute"}, then try again.`;
  return excuse(error);
}
