// Owns modal dialogs; hides focus, closing and taking them away again.
import { button, fill, freshId, h, icon } from "./dom.js";

/**
 * Open a dialog; its heading names it, Escape and a click beside it close it.
 * @param {{title: string, look?: string, testid?: string, body: any, foot?: any, onclose?: () => void}} options
 */
export function openDialog({ title, look = "", testid, body, foot, onclose = () => {} }) {
  const opener = document.activeElement;
  const id = freshId("dialog");
  const heading = h("h2", { id, tabindex: "-1" }, title);
  const content = h("div", { class: "dialog-body" }, body);
  const actions = h("div", { class: "dialog-foot", hidden: !foot }, foot);
  const props = { class: "quiet square", "aria-label": "Close", testid: "dialog-close", onclick: () => node.close() };
  const head = h("div", { class: "dialog-head" }, heading, button("", props, icon("close")));
  const node = h("dialog", { class: `dialog ${look}`, "aria-labelledby": id, testid }, head, content, actions);
  closeByClickBeside(node);
  node.addEventListener("close", () => {
    node.remove();
    onclose();
    giveBack(opener);
  });
  document.body.append(node);
  node.showModal();
  return {
    node,
    content,
    close: () => node.close(),
    retitle: (text) => fill(heading, text),
    show: (newBody, newFoot) => {
      fill(content, newBody);
      fill(actions, newFoot);
      actions.hidden = !newFoot;
      heading.focus();
    },
  };
}

/** A click counts when it began beside the dialog as well: text that is selected may end there. */
function closeByClickBeside(node) {
  let beganBeside = false;
  node.addEventListener("pointerdown", (event) => {
    beganBeside = event.target === node;
  });
  node.addEventListener("click", (event) => {
    if (event.target === node && beganBeside) node.close();
  });
}

/** The element that opened a dialog gets the focus back, or the one that was built anew in its place. */
function giveBack(opener) {
  if (!opener || opener === document.body) return;
  if (opener.isConnected) return void opener.focus();
  const id = opener.getAttribute("data-testid");
  const same = id ? [...document.querySelectorAll(`[data-testid="${CSS.escape(id)}"]`)] : [];
  const number = opener.getAttribute("data-scene-number");
  (
    same.find((node) => node.getAttribute("data-scene-number") === number) ??
    same[0] ??
    document.getElementById("main")
  ).focus();
}

/**
 * Ask before something is done.
 * @param {{title: string, body: any, action: string, danger?: boolean, testid?: string}} options
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, body, action, danger = false, testid = "confirm-dialog" }) {
  return new Promise((resolve) => {
    let answer = false;
    const yes = button(action, {
      class: `primary ${danger ? "danger" : ""}`,
      testid: "confirm-yes",
      onclick: () => {
        answer = true;
        dialog.close();
      },
    });
    const no = button("Back", { testid: "confirm-no", onclick: () => dialog.close() });
    const dialog = openDialog({
      title,
      testid,
      body: typeof body === "string" ? h("p", {}, body) : body,
      foot: [no, yes],
      onclose: () => resolve(answer),
    });
    (danger ? no : yes).focus();
  });
}
