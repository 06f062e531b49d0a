/* One upload of the page, from the choice of a file to the end of its job. */

import { Card } from "./card.js";
import { Problem } from "./http.js";
import { followJob } from "./job.js";
import { Line } from "./line.js";
import { hold } from "./tabs.js";
import { TusUpload } from "./tus.js";
import { describe, forget, isSameFile, keep } from "./unfinished.js";
import { showSeconds } from "./words.js";

const UNAUTHORIZED = 401;

/** Three at once: more would not be faster, and a browser has six connections for all it does. */
const line = new Line(3);

export class Upload {
  #stopping = null;
  #isWhole = false;
  #letGo = () => {};
  #tus;

  /** `url` is where an earlier visit left off; `onGone` hears that the card is to go. */
  constructor(file, processor, { url = null, onGone }) {
    this.file = file;
    this.processor = processor;
    this.card = new Card(file, processor);
    this.card.toggle.addEventListener("click", () => (this.#stopping ? this.#pause() : this.start()));
    this.card.cancel.addEventListener("click", () => this.#cancel(onGone));
    const listener = {
      onPlace: (place) => this.#keepPlace(place),
      onSent: (bytes) => {
        this.card.showMessage(""); // of a wait that is over
        this.card.showSent(bytes);
      },
      onWait: (error, seconds) =>
        this.card.showMessage(`${error.message} Trying again in ${showSeconds(seconds)}.`),
    };
    this.#tus = new TusUpload(file, { processor, url, listener });
    this.#hold(url);
  }

  /** Whether this is the upload of that file for that processor. */
  isOf(file, processor) {
    return this.processor === processor && isSameFile(this.file, file);
  }

  /** Begin, or go on. */
  async start() {
    this.#stopping = new AbortController();
    const { signal } = this.#stopping;
    try {
      await this.#run(signal);
    } catch (error) {
      if (!signal.aborted) this.#stop(error);
    }
  }

  async #run(signal) {
    this.card.showMessage("");
    this.card.showState("waiting", { toggle: "Pause" });
    const leave = await line.enter(signal);
    let jobUrl;
    try {
      this.card.showState("uploading", { toggle: "Pause" });
      jobUrl = await this.#tus.run(signal);
    } finally {
      leave();
    }
    this.#isWhole = true;
    forget(this.#entry);
    this.#hold(null);
    this.card.showMessage("");
    this.card.showState("uploaded", { cancel: "Dismiss" });
    await followJob(jobUrl, (job) => this.card.showJob(job), signal);
    this.#stopping = null;
  }

  #pause() {
    this.#stopping.abort();
    this.#stopping = null;
    this.card.showState("paused", { toggle: "Resume" });
  }

  #stop(error) {
    this.#stopping = null;
    this.card.showState("stopped", this.#isWhole ? { cancel: "Dismiss" } : { toggle: "Try again" });
    if (error instanceof Problem && error.status === UNAUTHORIZED) {
      const login = { text: "Sign in", href: `${document.body.dataset.loginUrl}?next=/`, target: "_blank" };
      this.card.showMessage("You are signed out.", login);
    } else {
      this.card.showMessage(error.message);
    }
  }

  /** What is not uploaded yet, the server forgets; of what is, only the card goes. */
  async #cancel(onGone) {
    this.#stopping?.abort();
    this.#stopping = null;
    onGone();
    if (this.#isWhole) return;
    forget(this.#entry);
    this.#hold(null);
    try {
      await this.#tus.terminate();
    } catch {
      // It expires by itself.
    }
  }

  get #entry() {
    return describe(this.file, this.processor, this.#tus.url);
  }

  #keepPlace(url) {
    if (url === null) forget(this.#entry);
    else keep(this.#entry);
    this.#hold(url);
  }

  /** Let other pages know that the upload at that url is ours; null for none. */
  #hold(url) {
    this.#letGo();
    this.#letGo = url === null ? () => {} : hold(url);
  }
}
