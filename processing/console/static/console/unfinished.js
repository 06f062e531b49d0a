/* Uploads that this browser has begun and not ended, kept over a reload. */

const PREFIX = "plimsoll:upload:";
/** Older ones are forgotten: the server has let them expire long ago, in milliseconds. */
const MOST_AGE = 7 * 86_400_000;

/** Whether two are one file, as far as a browser tells: it gives no path. Entries count as files. */
export function isSameFile(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function fingerprint({ name, size, lastModified, processor }) {
  return `${PREFIX}${JSON.stringify([name, size, lastModified, processor])}`;
}

/** The entry of an upload. */
export function describe({ name, size, lastModified }, processor, url) {
  return { name, size, lastModified, processor, url };
}

/** Keep an entry. In a browser without storage nothing is kept, and nothing resumed after a reload. */
export function keep(entry) {
  try {
    localStorage.setItem(fingerprint(entry), JSON.stringify({ ...entry, keptAt: Date.now() }));
  } catch {
    // Full, or not allowed.
  }
}

export function forget(entry) {
  try {
    localStorage.removeItem(fingerprint(entry));
  } catch {
    // As above.
  }
}

/** All entries, the latest first. */
export function list() {
  let entries = [];
  try {
    entries = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).map(read).filter(Boolean);
  } catch {
    // As above.
  }
  return entries.sort((one, other) => other.keptAt - one.keptAt);
}

function read(key) {
  try {
    const entry = JSON.parse(localStorage.getItem(key));
    if (Date.now() - entry.keptAt < MOST_AGE && entry.url.startsWith("/uploads/")) return entry;
  } catch {
    // Not of our making.
  }
  localStorage.removeItem(key);
  return null;
}
