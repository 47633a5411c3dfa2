// Owns what can be chosen: kinds, providers, formats and limits; hides that it is fetched once.
import { get } from "./http.js";

let asked = null;

/** The answer of GET /options, the same one for the whole visit. */
export function options() {
  asked ??= get("/options").catch((error) => {
    asked = null;
    throw error;
  });
  return asked;
}
