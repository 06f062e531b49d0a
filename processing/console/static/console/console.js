/* The page: files come in by the picker or are dropped, and each becomes a card. */

import { makeCard, notify } from "./card.js";
import { showReadiness } from "./readiness.js";
import { isGone, TusUpload } from "./tus.js";
import { listHeld } from "./tabs.js";
import { forget, isSameFile, list } from "./unfinished.js";
import { Upload } from "./upload.js";
import { showBytes } from "./words.js";

const picker = document.getElementById("files");
const drop = document.getElementById("drop");
const processor = document.getElementById("processor");
const uploads = document.querySelector("#uploads .cards");
const unfinished = document.querySelector("#unfinished .cards");

/** What has a card among the uploads. */
const shown = new Set();
/** What has one among the unfinished: `{entry, card}`. */
let idle = [];

/** Begin with a file that was chosen; if it is one of the unfinished, go on with that. */
function take(file) {
  notify("");
  const entries = idle.map(({ entry }) => entry).filter((entry) => isSameFile(entry, file));
  const entry = entries.find((each) => each.processor === processor.value) ?? entries[0];
  if (entry) begin(file, entry.processor, entry.url);
  else if (!isShown(file, processor.value)) begin(file, processor.value);
  else notify(`${file.name} is on the page already.`);
}

function begin(file, name, url = null) {
  const upload = new Upload(file, name, {
    url,
    onGone: () => {
      shown.delete(upload);
      takeAway(upload.card.element);
    },
  });
  shown.add(upload);
  uploads.prepend(upload.card.element);
  for (const { entry, card } of idle) {
    if (upload.isOf(entry, entry.processor)) dropIdle(card);
  }
  showSections();
  upload.start();
}

function isShown(file, name) {
  return [...shown].some((upload) => upload.isOf(file, name));
}

function dropIdle(card) {
  idle = idle.filter((each) => each.card !== card);
  card.remove();
}

/** The focus goes on to what comes next, not to the top of the page. */
function takeAway(card) {
  const next = card.nextElementSibling ?? card.previousElementSibling ?? picker;
  dropIdle(card);
  showSections();
  next.focus();
}

async function showUnfinished() {
  const held = await listHeld();
  const entries = list().filter(({ url }) => !held.has(url));
  idle = entries.map((entry, index) => ({ entry, card: makeUnfinished(entry, index) }));
  unfinished.replaceChildren(...idle.map(({ card }) => card));
  showSections();
  for (const { entry, card } of idle) measure(entry, card);
}

function makeUnfinished(entry, index) {
  const card = makeCard("unfinished-card", entry.name, entry.processor);
  card.querySelector(".figures").textContent = showBytes(entry.size);
  const [input, label] = card.querySelectorAll("input, label");
  input.id = `again-${index}`;
  label.htmlFor = input.id;
  label.setAttribute("aria-label", `Choose ${entry.name} again`);
  input.addEventListener("change", () => goOn(entry, input));
  card.querySelector(".cancel").addEventListener("click", () => discard(entry, card));
  return card;
}

/** Ask the server how far an unfinished upload has come. */
async function measure(entry, card) {
  try {
    const { offset, jobUrl } = await new TusUpload(null, entry).look();
    card.querySelector("progress").value = entry.size ? offset / entry.size : 1;
    card.querySelector(".figures").textContent = `${showBytes(offset)} of ${showBytes(entry.size)}`;
    if (jobUrl && card.isConnected) begin(entry, entry.processor, entry.url);
  } catch (error) {
    if (!isGone(error)) return; // it is asked again when it goes on
    forget(entry);
    dropIdle(card);
    showSections();
  }
}

function goOn(entry, input) {
  const [file] = input.files;
  input.value = "";
  if (!file) return;
  const isIt = isSameFile(entry, file);
  notify(isIt ? "" : `${file.name} is another file, or was changed since. Choose ${entry.name}.`);
  if (isIt) begin(file, entry.processor, entry.url);
}

async function discard(entry, card) {
  forget(entry);
  takeAway(card);
  try {
    await new TusUpload(null, entry).terminate();
  } catch {
    // It expires by itself.
  }
}

function showSections() {
  for (const cards of [uploads, unfinished]) cards.closest("section").hidden = cards.children.length === 0;
}

picker.addEventListener("change", () => {
  for (const file of picker.files) take(file);
  picker.value = "";
});

for (const name of ["dragenter", "dragover"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
}
for (const name of ["dragleave", "drop"]) {
  drop.addEventListener(name, () => drop.classList.remove("over"));
}
drop.addEventListener("drop", (event) => {
  event.preventDefault();
  for (const item of event.dataTransfer.items) {
    if (item.kind !== "file") continue;
    if (item.webkitGetAsEntry()?.isDirectory) notify("A folder cannot be uploaded; drop its files.");
    else take(item.getAsFile());
  }
});
// What misses the drop zone must not replace the page.
for (const name of ["dragover", "drop"]) window.addEventListener(name, (event) => event.preventDefault());

showUnfinished();
showReadiness(document.getElementById("readiness"));
