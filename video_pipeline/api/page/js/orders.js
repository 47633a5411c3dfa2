// Owns waiting for work that was ordered in the background; hides whether its end is heard of or looked up.
import { ApiError, get } from "./http.js";
import { listen } from "./live.js";

const LOOK_MS = 2_500;
const finished = (order) => order.status === "completed" || order.status === "failed";

/**
 * Wait until an order is done.
 * @param {{id: string, status: string, progress: any, error: any}} order
 * @param {{onProgress?: (order: any) => void, signal?: AbortSignal}} [options]
 * @returns {Promise<any>} the completed order; ApiError when it failed, AbortError when `signal` ended the waiting
 */
export function follow(order, { onProgress = () => {}, signal } = {}) {
  const over = new AbortController();
  return new Promise((resolve, reject) => {
    const heed = (news) => {
      if (news.id !== order.id || over.signal.aborted) return;
      onProgress(news);
      if (!finished(news)) return;
      over.abort();
      if (news.status === "completed") resolve(news);
      else reject(new ApiError({ status: 500, title: "It failed", detail: wordsOf(news.error) }));
    };
    signal?.addEventListener(
      "abort",
      () => {
        over.abort();
        reject(new DOMException("left", "AbortError"));
      },
      { once: true },
    );
    listen("order", heed, over.signal);
    look(order.id, heed, over.signal);
    heed(order);
  });
}

async function look(id, heed, signal) {
  while (!signal.aborted) {
    await new Promise((wake) => setTimeout(wake, LOOK_MS));
    if (signal.aborted) return;
    await get(`/orders/${id}`, { signal }).then(heed, () => {}); // no answer now: the next look may get one
  }
}

const wordsOf = (error) =>
  typeof error === "string" ? error : (error?.detail ?? error?.message ?? "The studio did not say why.");
