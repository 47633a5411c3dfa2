// Owns one file's way to the studio, in pieces that go on where they stood; hides requests, offsets and repeats.
import { ApiError, address, call, changingHeaders, get, isAbort, post, refused } from "./http.js";
import { excuse } from "./wording.js";

const PIECE_BYTES = 8 * 2 ** 20;
const RESTS_MS = [1_000, 2_000, 5_000, 10_000, 20_000];
const MEMORY = "studio:upload:";

/** Answers after which the same may work: none at all, too fast, a proxy or the studio is starting anew. */
const PASSING = new Set([0, 429, 502, 503, 504]);

/**
 * One file: "waiting", "sending", "checking", "paused", "kept" or "failed".
 * `onChange` is called after each step of it.
 */
export class Transfer {
  constructor(job, file, type, { upload = null, onChange = () => {} } = {}) {
    Object.assign(this, { job, file, type, upload, onChange });
    this.state = "waiting";
    this.sent = upload?.offset ?? 0;
    this.message = "";
    this.leaving = null;
  }

  get percent() {
    return (100 * this.sent) / Math.max(this.file.size, 1);
  }

  get busy() {
    return this.state === "sending" || this.state === "checking";
  }

  /** Send what is missing; ends when the file is kept, refused, or the transfer paused. */
  async run() {
    this.leaving = new AbortController();
    this.become("sending");
    try {
      this.upload = this.upload ? await this.ask() : await this.announce();
      while (this.upload.state === "receiving") await this.patiently(() => this.next());
      if (this.upload.state === "refused") throw new ApiError({ status: 415, title: this.upload.error });
      forget(this.upload.id);
      this.sent = this.file.size;
      this.become("kept");
    } catch (error) {
      if (isAbort(error)) this.become("paused");
      else if (PASSING.has(error.status)) this.become("paused", excuse(error));
      else this.become("failed", error.errors?.[0]?.message ?? excuse(error));
    }
  }

  pause() {
    this.leaving?.abort();
  }

  /** Take it back for good: what the studio has of it goes as well. */
  async drop() {
    this.pause();
    if (this.upload) await dropUpload(this.job, this.upload.id);
  }

  become(state, message = "") {
    this.state = state;
    this.message = message;
    this.onChange(this);
  }

  async announce() {
    const body = { filename: this.file.name, file_type: this.type, bytes: this.file.size };
    const upload = await post(`/jobs/${this.job}/uploads`, { json: body, signal: this.leaving.signal });
    remember(upload.id, this.file);
    return upload;
  }

  ask() {
    return get(`/jobs/${this.job}/uploads/${this.upload.id}`, { signal: this.leaving.signal });
  }

  /** Send one piece from where the upload stands; where it stands elsewhere, go there. */
  async next() {
    const { offset } = this.upload;
    const piece = this.file.slice(offset, offset + PIECE_BYTES);
    try {
      this.upload = await this.send(piece, offset);
    } catch (error) {
      if (error.offset === null || error.offset === undefined) throw error;
      this.upload = await this.ask();
    }
    this.tell(this.upload.offset);
  }

  /** The same once more after a rest, as long as what went wrong may pass; asked first how much has arrived. */
  async patiently(run) {
    for (let rest = 0; ; rest += 1) {
      try {
        if (rest) this.upload = await this.ask();
        return await run();
      } catch (error) {
        if (!PASSING.has(error.status) || rest >= RESTS_MS.length) throw error;
        await pauseFor(Math.max(RESTS_MS[rest], 1_000 * (error.retryAfterS ?? 0)), this.leaving.signal);
      }
    }
  }

  tell(sent) {
    this.sent = sent;
    this.become(sent >= this.file.size ? "checking" : "sending");
  }

  /** XMLHttpRequest, because fetch does not say how much was sent. */
  send(piece, offset) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open("PATCH", address(`/jobs/${this.job}/uploads/${this.upload.id}`));
      const headers = { ...changingHeaders(), "Content-Type": "application/octet-stream", "Upload-Offset": offset };
      for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
      request.responseType = "json";
      request.upload.onprogress = (event) => this.tell(offset + Math.min(event.loaded, piece.size));
      request.onload = () =>
        request.status < 300
          ? resolve(request.response)
          : reject(refused(request.status, request.response, request.getResponseHeader("Retry-After")));
      request.onerror = () => reject(refused(0, { detail: "The studio does not answer." }, null));
      request.onabort = () => reject(new DOMException("paused", "AbortError"));
      const { signal } = this.leaving;
      if (signal.aborted) return request.onabort();
      signal.addEventListener("abort", () => request.abort(), { once: true });
      return request.send(piece);
    });
  }
}

/** Have an upload looked at of which everything has arrived: nobody was there any more when it had. */
export const finishUpload = (job, { id, offset }, signal) =>
  call("PATCH", `/jobs/${job}/uploads/${id}`, { headers: { "Upload-Offset": offset }, signal });

/** Give up an upload; one that is gone already is no reason to complain. */
export async function dropUpload(job, id) {
  forget(id);
  await call("DELETE", `/jobs/${job}/uploads/${id}`).catch((error) => {
    if (error.status !== 404) throw error;
  });
}

/** The upload of `unfinished` that was begun with `file`: of the same name and size, and, where known, the same age. */
export const begunWith = (file, unfinished) =>
  unfinished.find(
    (each) =>
      each.state === "receiving" &&
      each.filename === file.name.normalize("NFC") &&
      each.bytes === file.size &&
      [null, String(file.lastModified)].includes(recall(each.id)),
  );

// A browser may refuse to remember; then name and size have to do.
function remember(id, file) {
  try {
    localStorage.setItem(MEMORY + id, file.lastModified);
  } catch {
    /* see above */
  }
}

function recall(id) {
  try {
    return localStorage.getItem(MEMORY + id);
  } catch {
    return null;
  }
}

function forget(id) {
  try {
    localStorage.removeItem(MEMORY + id);
  } catch {
    /* see above */
  }
}

function pauseFor(ms, signal) {
  return new Promise((resolve, reject) => {
    const left = () => {
      clearTimeout(timer);
      reject(new DOMException("paused", "AbortError"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", left);
      resolve();
    }, ms);
    if (signal.aborted) left();
    else signal.addEventListener("abort", left, { once: true });
  });
}
