// Owns the one job that is looked at: keeps it true, and tells its parts when it changed; hides news and etags.
import { call, get, isAbort } from "./http.js";
import { listen } from "./live.js";
import { debounced } from "./dom.js";

const SETTLE_MS = 150;

/** A job, its history, and whoever wants to know when one of them changes. */
export class Desk {
  constructor(id, signal) {
    this.id = id;
    this.signal = signal;
    this.job = null;
    this.history = [];
    this.heeding = new Set();
    this.asked = 0;
  }

  /** Fetch it for the first time and keep it true from now on; ApiError 404 when there is none. */
  async open() {
    const soon = debounced(SETTLE_MS, () => this.refresh().catch(() => {}));
    listen(
      "job",
      (news) => {
        if ((news.job?.id ?? news.event?.job_id) === this.id) soon();
      },
      this.signal,
    );
    listen(
      "progress",
      (news) => {
        if (news.job_id === this.id) this.progressed(news, soon);
      },
      this.signal,
    );
    listen(
      "order",
      (news) => {
        if (news.job_id === this.id && news.status === "completed") soon();
      },
      this.signal,
    );
    listen("tick", soon, this.signal);
    await this.refresh();
  }

  progressed({ status, progress }, soon) {
    if (!this.job) return;
    if (status && status !== this.job.status) soon();
    else this.accept({ ...this.job, progress });
  }

  /** Fetch the job and its history anew. */
  async refresh() {
    const turn = (this.asked += 1);
    const [job, history] = await Promise.all([
      get(`/jobs/${this.id}`, { signal: this.signal }),
      get(`/jobs/${this.id}/history`, { signal: this.signal }).catch((error) => {
        if (isAbort(error)) throw error;
        return null;
      }),
    ]);
    if (turn !== this.asked && this.job) return; // a later question has the newer answer; the first one is shown
    if (history) this.history = history.items;
    this.accept(job);
  }

  /** Take a job that an answer held for the newest one. */
  accept(job) {
    this.job = job;
    for (const heed of this.heeding) heed(job);
  }

  /** Hear of every change, beginning with what is there. */
  onChange(heed) {
    this.heeding.add(heed);
    if (this.job) heed(this.job);
  }

  get etag() {
    const etag = this.job?.storyboard?.etag;
    return etag && !/^(W\/)?"/.test(etag) ? `"${etag}"` : (etag ?? null);
  }

  /**
   * Change the storyboard that is shown, and no other one: with its etag. After a 412 the newest one is fetched before
   * the error goes on, so that the reader sees what somebody else made.
   */
  async change(path, options = {}) {
    const etag = this.etag;
    try {
      const answer = await call("POST", `/jobs/${this.id}${path}`, { etag, ...options });
      this.asked += 1; // what is under way was asked before this
      if (answer.status === 200) this.accept(answer.data);
      this.refresh().catch(() => {}); // the history has grown
      return answer;
    } catch (error) {
      if ([404, 409, 412].includes(error.status)) await this.refresh().catch(() => {});
      throw error;
    }
  }
}

const CHANGEABLE = new Set(["awaiting_approval", "ready_for_export", "completed"]);

/** Whether the storyboard can be changed now: all its pictures are there, and the job has neither failed nor been
 * cancelled. */
export function changeable(job) {
  const scenes = job.storyboard?.scenes ?? [];
  return scenes.length > 0 && CHANGEABLE.has(job.status) && scenes.every((scene) => scene.image);
}

/** Whether a change of the storyboard would undo more than itself: an approval, a finished video. */
export const undoesWork = (job) => job.approved || ["ready_for_export", "completed"].includes(job.status);
