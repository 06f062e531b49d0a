/* Requests to our own service. XMLHttpRequest, because fetch tells nothing of what it has sent. */

/** A request that sends and receives nothing for this long is given up. */
const STALL_MILLISECONDS = 60_000;

/** The service refused: `detail` says why in a sentence, `code` in a word. */
export class Problem extends Error {
  constructor({ status, code, detail, retryAfterSeconds }) {
    super(detail);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** No answer came. */
export class NoAnswer extends Error {
  constructor(message = "The service does not answer.") {
    super(message);
    this.name = "NoAnswer";
  }
}

/**
 * Send a request and return its answer `{text, header(name)}`.
 *
 * Throws Problem for an answer that is not 2xx, NoAnswer for none, and `signal.reason` when aborted.
 * `onSent(bytes)` hears how much of the body has left.
 */
export function send(method, url, { headers = {}, body = null, signal, onSent } = {}) {
  const request = new XMLHttpRequest();
  request.open(method, url);
  for (const [name, value] of Object.entries({ ...csrfHeader(method), ...headers })) {
    request.setRequestHeader(name, value);
  }
  return new Promise((resolve, reject) => {
    const stop = () => request.abort();
    let stall = setTimeout(stop, STALL_MILLISECONDS);
    const notice = () => {
      clearTimeout(stall);
      stall = setTimeout(stop, STALL_MILLISECONDS);
    };
    request.upload.onprogress = (event) => {
      notice();
      onSent?.(event.loaded);
    };
    request.onprogress = notice;
    request.onload = () =>
      request.status >= 200 && request.status < 300 ? resolve(readAnswer(request)) : reject(readProblem(request));
    request.onerror = () => reject(new NoAnswer());
    request.onabort = () => reject(signal?.aborted ? signal.reason : new NoAnswer());
    request.onloadend = () => {
      clearTimeout(stall);
      signal?.removeEventListener("abort", stop);
    };
    if (signal?.aborted) {
      clearTimeout(stall);
      reject(signal.reason);
      return;
    }
    signal?.addEventListener("abort", stop);
    request.send(body);
  });
}

function csrfHeader(method) {
  if (method === "GET" || method === "HEAD") return {};
  // Read each time: a login in another tab gives a new one.
  const prefix = `${document.body.dataset.csrfCookie}=`;
  const pair = document.cookie.split("; ").find((each) => each.startsWith(prefix));
  return pair ? { "X-CSRFToken": decodeURIComponent(pair.slice(prefix.length)) } : {};
}

function readAnswer(request) {
  return {
    text: request.responseText,
    header: (name) => request.getResponseHeader(name),
  };
}

function readProblem(request) {
  let document = {};
  try {
    document = JSON.parse(request.responseText);
  } catch {
    // A proxy in front of us answers in its own way; a HEAD has no body.
  }
  return new Problem({
    status: request.status,
    code: document.code ?? "",
    detail: document.detail ?? `The service answered ${request.status} ${request.statusText}`.trim() + ".",
    retryAfterSeconds: readRetryAfter(request.getResponseHeader("Retry-After")),
  });
}

/** Seconds of a Retry-After header, in either of its forms; null without one. */
function readRetryAfter(value) {
  if (value === null) return null;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
