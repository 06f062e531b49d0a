/* What the page shows of one upload. */

import { Pace } from "./pace.js";
import { showBytes, showSeconds } from "./words.js";

/** A result of so many characters is shown in place. */
const SHORT_RESULT = 200;

/** Say it to those who cannot see it. */
export function announce(text) {
  document.getElementById("announcements").textContent = text;
}

/** Say it to everybody; the next thing that is said replaces it. */
export function notify(text) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.hidden = !text;
}

/** A new card from the template of that id, with the name of its file on its buttons too. */
export function makeCard(templateId, name, badge) {
  const card = document.getElementById(templateId).content.firstElementChild.cloneNode(true);
  card.querySelector("h3").textContent = name;
  card.querySelector(".badge").textContent = badge;
  card.querySelector("progress").setAttribute("aria-label", `Progress of ${name}`);
  for (const control of card.querySelectorAll("button")) nameButton(control, name);
  return card;
}

function nameButton(button, name) {
  button.setAttribute("aria-label", `${button.textContent} ${name}`);
}

export class Card {
  #pace = new Pace();
  #sentBytes = 0;

  constructor(file, processor) {
    this.name = file.name;
    this.size = file.size;
    this.processor = processor;
    this.element = makeCard("upload-card", file.name, "waiting");
    this.toggle = this.element.querySelector(".toggle");
    this.cancel = this.element.querySelector(".cancel");
  }

  /** `state` is one of waiting, uploading, paused, stopped, uploaded, or one of a job's. */
  showState(state, { toggle = null, cancel = "Cancel" } = {}) {
    this.element.dataset.state = state;
    this.#find(".badge").textContent = state;
    this.#showButton(this.toggle, toggle);
    this.#showButton(this.cancel, cancel);
    this.#pace.reset();
    this.#showFigures();
    announce(`${this.name}: ${state}`);
  }

  showSent(bytes) {
    this.#sentBytes = bytes;
    this.#pace.note(bytes, performance.now());
    this.#find("progress").value = this.size ? bytes / this.size : 1;
    this.#showFigures();
  }

  #showFigures() {
    const bytes = this.#sentBytes;
    const parts = [`${showBytes(bytes)} of ${showBytes(this.size)}`];
    const speed = this.#pace.bytesPerSecond;
    if (speed) parts.push(`${showBytes(speed)}/s`, `${showSeconds((this.size - bytes) / speed)} left`);
    this.#find(".figures").textContent = parts.join(" · ");
  }

  /** A sentence, and a link behind it where there is `{text, href}`; an empty one is no message. */
  showMessage(sentence, link = null) {
    const message = this.#find(".message");
    message.hidden = !sentence;
    message.replaceChildren(sentence);
    if (link) message.append(" ", makeLink(link));
    if (sentence) announce(`${this.name}: ${sentence}`);
  }

  showJob(job) {
    if (this.element.dataset.state !== job.state) this.showState(job.state, { cancel: "Dismiss" });
    const progress = this.#find("progress");
    if (job.state === "succeeded") progress.value = 1;
    else if (job.state === "running" && job.progress === null) progress.removeAttribute("value");
    else progress.value = job.progress ?? 0;
    this.#find(".figures").textContent = `${showBytes(this.size)} · ${job.processor}`;
    if (job.error) this.showMessage(`${job.error.code}: ${job.error.message}`);
    this.#showOutcome(job);
  }

  #showOutcome(job) {
    const outcome = this.#find(".outcome");
    outcome.hidden = false;
    outcome.replaceChildren();
    if (job.result_url) {
      outcome.append(makeLink({ text: "Download the result", href: job.result_url, download: "" }), " ");
      const text = JSON.stringify(job.result);
      if (job.result !== null && text.length <= SHORT_RESULT) outcome.append(makeCode(text), " ");
    }
    outcome.append(makeLink({ text: `Job ${job.id}`, href: `/jobs/${job.id}` }));
  }

  #showButton(button, text) {
    button.hidden = text === null;
    button.textContent = text ?? "";
    nameButton(button, this.name);
  }

  #find(selector) {
    return this.element.querySelector(selector);
  }
}

function makeLink({ text, ...attributes }) {
  return Object.assign(document.createElement("a"), { textContent: text, ...attributes });
}

function makeCode(text) {
  return Object.assign(document.createElement("code"), { textContent: text });
}
