// Owns what a person says of a doubtful purchase, once and for good; hides the request.
import { busy, button, h, icon } from "./dom.js";
import { openDialog } from "./dialog.js";
import { blame, complainIn, field, formError } from "./fields.js";
import { isAbort, post } from "./http.js";
import { toast } from "./toast.js";
import { money } from "./wording.js";

/** What the books can hold: below 100 million, in cents of a cent. */
const AMOUNT = /^\d{1,8}(\.\d{1,4})?$/;

/**
 * Ask for confirmation, and of what was paid for the amount, then say it.
 * @param {{id: string, price_usd: number}} purchase
 * @param {{spent: boolean, who: string, what: string, onclose: () => void}} said
 *   `who` is the vendor and `what` the thing, in words; `onclose` is called also when nothing was said
 */
export function resolve({ id, price_usd: price }, { spent, who, what, onclose }) {
  const amount = spent && amountField(who, price);
  const wrong = formError();
  const onsubmit = (event) => {
    event.preventDefault();
    submit();
  };
  const form = h("form", { class: "stack", novalidate: true, onsubmit }, amount && amount.node, wrong);
  const props = { class: "primary", testid: "resolve-confirm", onclick: () => submit() };
  const yes = button(spent ? `Book ${money(price)}` : "Give it back", props, icon("check"));
  const no = button("Back", { testid: "resolve-cancel", onclick: () => dialog.close() });
  const dialog = openDialog({
    title: spent ? `${who} was paid for ${what}` : `${who} took nothing for ${what}`,
    testid: "resolve-dialog",
    body: [h("p", {}, spent ? PAID : givenBack(price)), form],
    foot: [h("p", { class: "grow" }, "This is said once: it cannot be changed later."), no, yes],
    onclose,
  });
  if (amount) {
    amount.input.addEventListener("input", () => {
      yes.lastChild.textContent = AMOUNT.test(typed()) ? `Book ${money(Number(typed()))}` : "Book it";
    });
    amount.input.select();
  }
  (amount ? amount.input : no).focus();

  function typed() {
    return amount.input.value.trim();
  }

  async function submit() {
    if (yes.disabled) return; // Enter was pressed once more
    complainIn(wrong, null);
    if (amount && !AMOUNT.test(typed())) {
      amount.complain("An amount in US dollars such as 0.04, please, with four digits after the point at most.");
      return void amount.input.focus();
    }
    const json = spent ? { spent, cost_usd: Number(typed()) } : { spent };
    try {
      await busy(yes, () => post(`/purchases/${id}/resolve`, { json }));
    } catch (error) {
      if (!isAbort(error)) blame(error, amount ? [amount] : [], wrong);
      return;
    }
    dialog.close();
    toast(`${spent ? `${money(json.cost_usd)} are booked as paid` : "The money is given back"}. Retry the video.`);
  }
}

const PAID =
  "What the vendor took is booked as paid in vain, since nothing came of it here. A retry of the video orders it anew.";

const givenBack = (price) =>
  `The ${money(price)} set aside is given back, and a retry of the video orders it anew. Had the vendor taken money ` +
  "after all, it would be missing in the books, and under the caps.";

function amountField(who, price) {
  const props = { inputmode: "decimal", autocomplete: "off", value: String(price), testid: "resolve-amount" };
  const control = h("input", { class: "input", ...props });
  const hint = `As the dashboard of ${who} shows it.`;
  return field({ name: "cost_usd", label: "US dollars that were taken", hint, control });
}
