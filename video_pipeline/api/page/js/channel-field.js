// Owns the choice of a channel, and making a new one in place; hides the channel's own form.
import { busy, button, h, icon } from "./dom.js";
import { blame, choose, complainIn, field, formError } from "./fields.js";
import { isAbort, keyFor, post } from "./http.js";
import { may } from "./session.js";
import { toast } from "./toast.js";

/** A field like the others; `channels` gets what is made here. */
export function channelField(channels, wanted) {
  const active = channels.filter((each) => each.is_active !== false);
  const select = choose(
    [...(active.length === 0 ? [["", "No channel yet"]] : []), ...active.map((each) => [each.id, each.name])],
    { testid: "order-channel_id" },
  );
  if (active.some((each) => each.id === wanted)) select.value = wanted;
  const form = h("div", { class: "inline-form", hidden: true });
  const opener = button(
    "New channel",
    { testid: "new-channel", "aria-expanded": "false", onclick: () => toggle(form.hidden) },
    icon("plus"),
  );
  const made = field({
    name: "channel_id",
    label: "Channel",
    control: h("div", { class: "with-button" }, select, may("edit") && opener),
  });
  made.node.append(form);
  let filled = false;

  function toggle(open) {
    form.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
    if (open && !filled) form.append(...channelForm(arrive, () => toggle(false)));
    filled ||= open;
    if (open) form.querySelector("input").focus();
    else opener.focus();
  }

  function arrive(channel) {
    channels.push(channel);
    select.querySelector("option[value='']")?.remove();
    select.append(h("option", { value: channel.id }, channel.name));
    select.value = channel.id;
    toggle(false);
    toast(`Channel “${channel.name}” is there.`);
    select.dispatchEvent(new Event("input", { bubbles: true }));
    select.dispatchEvent(new Event("change", { bubbles: true }));
  }

  if (active.length === 0 && may("edit")) queueMicrotask(() => toggle(true));
  return made;
}

function channelForm(arrive, close) {
  const key = keyFor();
  const text = (name, label, props = {}, more = {}) =>
    field({
      name,
      label,
      ...more,
      control: h("input", { class: "input", maxlength: 255, testid: `channel-${name}`, ...props }),
    });
  const name = text("name", "Name of the channel");
  const niche = text("brand_niche", "What it is about", { placeholder: "Winter Cabin Ambience" });
  const youtube = text("youtube_channel_id", "YouTube id", { placeholder: "UC…" }, { optional: true });
  const fields = [name, niche, youtube];
  const wrong = formError();
  const save = button("Make channel", { class: "primary", testid: "channel-save", onclick: send });

  async function send() {
    complainIn(wrong, null);
    const body = Object.fromEntries(fields.map((each) => [each.name, each.input.value.trim() || undefined]));
    const missing = [name, niche].filter((each) => !body[each.name]);
    for (const each of missing) each.complain("Give at least one word.");
    if (missing.length) return missing[0].input.focus();
    try {
      arrive(await busy(save, () => post("/channels", { json: body, key: key(body) })));
      for (const each of fields) each.input.value = "";
    } catch (error) {
      if (!isAbort(error)) blame(error, fields, wrong);
    }
    return undefined;
  }

  // The channel's fields stand inside of the order's form, whose Enter must not order.
  const onkeydown = (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") return;
    event.preventDefault();
    send();
  };
  return [
    h(
      "div",
      { class: "stack", onkeydown, oninput: (event) => event.stopPropagation() },
      h("div", { class: "triple" }, name.node, niche.node, youtube.node),
      wrong,
      h("div", { class: "row" }, save, button("Back", { class: "quiet", onclick: close })),
    ),
  ];
}
