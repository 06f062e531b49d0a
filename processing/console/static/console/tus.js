/* The client's side of tus 1.0.0 (https://tus.io/protocols/resumable-upload). */

import { NoAnswer, Problem, send } from "./http.js";
import { pickDelaySeconds, sleep } from "./patience.js";

const CHUNK_BYTES = 8 * 1024 * 1024;
/** After so many failures in a row, with not a byte taken in between, a person has to decide. */
const MOST_FAILURES = 10;
/** What the server may have forgotten of one upload, before it is a fault. */
const MOST_RESTARTS = 3;

const GONE = [404, 410];
/** Refusals that pass: a stalled body, an offset or a lock of ourselves before, an overload. */
const PASSING = [408, 409, 423, 425, 429, 500, 502, 503, 504];

/** The browser may no longer read the file. */
export class FileGone extends Error {
  constructor() {
    super("The file cannot be read any more; it was moved or changed. Choose it again.");
    this.name = "FileGone";
  }
}

/**
 * One file on its way to the server.
 *
 * `url` is null until the server has given one; with that of an earlier visit the upload goes on.
 * `listener` hears `onPlace(url)` when the url changes (null: the server has forgotten it),
 * `onSent(bytes)` of the file, and `onWait(error, seconds)` before another try.
 */
export class TusUpload {
  #offset = 0;
  #jobUrl = null;

  constructor(file, { processor, url = null, listener }) {
    this.file = file;
    this.processor = processor;
    this.url = url;
    this.listener = listener;
  }

  /**
   * Send what the server does not have yet, and return the path of the job.
   *
   * Aborting keeps what the server has, and `run` may be called again. Throws Problem for a refusal
   * that does not pass, FileGone, NoAnswer after MOST_FAILURES, and `signal.reason`.
   */
  async run(signal) {
    let failureCount = 0;
    let restartCount = 0;
    while (true) {
      try {
        await (this.url === null ? this.#create(signal) : this.#ask(signal));
        while (this.#jobUrl === null) {
          await this.#sendChunk(signal);
          failureCount = 0;
        }
        return this.#jobUrl;
      } catch (error) {
        signal.throwIfAborted();
        if (isGone(error) && this.url !== null && restartCount++ < MOST_RESTARTS) {
          this.#move(null);
          this.#reach(0);
          continue;
        }
        await this.#requireFile(error);
        failureCount += 1;
        if (!passes(error) || failureCount > MOST_FAILURES) throw error;
        const seconds = pickDelaySeconds(failureCount, error.retryAfterSeconds);
        this.listener.onWait(error, seconds);
        await sleep(seconds, signal);
      }
    }
  }

  /** How much the server has, in bytes, and the path of the job if that is all. */
  async look() {
    const answer = await this.#send("HEAD", this.url);
    return { offset: readOffset(answer), jobUrl: answer.header("Job-Location") };
  }

  /** Have the server forget the upload; one that is gone already is no failure. */
  async terminate() {
    if (this.url === null) return;
    try {
      await this.#send("DELETE", this.url);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  async #create(signal) {
    const metadata = { filename: this.file.name, filetype: this.file.type, processor: this.processor };
    const answer = await this.#send("POST", "/uploads/", {
      headers: { "Upload-Length": String(this.file.size), "Upload-Metadata": writeMetadata(metadata) },
      signal,
    });
    this.#move(readLocation(answer));
    this.#reach(0);
    this.#note(answer);
  }

  async #ask(signal) {
    const answer = await this.#send("HEAD", this.url, { signal });
    this.#reach(readOffset(answer));
    this.#note(answer);
  }

  async #sendChunk(signal) {
    const start = this.#offset;
    if (start >= this.file.size) throw new NoAnswer("The service has the whole file and names no job.");
    const answer = await this.#send("PATCH", this.url, {
      headers: { "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(start) },
      body: this.file.slice(start, start + CHUNK_BYTES),
      signal,
      onSent: (bytes) => this.listener.onSent(start + bytes),
    });
    this.#reach(readOffset(answer));
    this.#note(answer);
    if (this.#offset <= start) throw new NoAnswer("The service took nothing of what was sent.");
  }

  #send(method, url, { headers = {}, ...rest } = {}) {
    return send(method, url, { headers: { "Tus-Resumable": "1.0.0", ...headers }, ...rest });
  }

  #move(url) {
    this.url = url;
    this.listener.onPlace(url);
  }

  #reach(offset) {
    this.#offset = offset;
    this.listener.onSent(offset);
  }

  #note(answer) {
    this.#jobUrl = answer.header("Job-Location");
  }

  /** A browser tells of a file that it cannot read as of a network that is down. */
  async #requireFile(error) {
    if (!(error instanceof NoAnswer)) return;
    try {
      await this.file.slice(this.#offset, this.#offset + 1).arrayBuffer();
    } catch {
      throw new FileGone();
    }
  }
}

/** Whether the server has forgotten the upload. */
export function isGone(error) {
  return error instanceof Problem && GONE.includes(error.status);
}

function passes(error) {
  return error instanceof NoAnswer || (error instanceof Problem && PASSING.includes(error.status));
}

function readOffset(answer) {
  const offset = Number.parseInt(answer.header("Upload-Offset"), 10);
  if (Number.isNaN(offset)) throw new NoAnswer("The service does not tell how much it has.");
  return offset;
}

function readLocation(answer) {
  const location = new URL(answer.header("Location") ?? "", new URL("/uploads/", document.baseURI));
  if (location.origin !== window.location.origin) throw new NoAnswer("The service leads to another site.");
  return location.pathname;
}

function writeMetadata(metadata) {
  const encoder = new TextEncoder();
  return Object.entries(metadata)
    .filter(([, value]) => value)
    .map(([name, value]) => `${name} ${btoa(String.fromCharCode(...encoder.encode(value)))}`)
    .join(",");
}
