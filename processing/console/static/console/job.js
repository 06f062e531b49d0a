/* What becomes of a job, told as it happens. */

import { NoAnswer, Problem, send } from "./http.js";
import { pickDelaySeconds, sleep } from "./patience.js";

/** A browser opens six connections to one host; uploads take three of them. */
const MOST_STREAMS = 2;
/** A stream begins with an event. One that is silent so long is held back on its way. */
const FIRST_EVENT_MILLISECONDS = 5_000;
const POLL_SECONDS = 2;

const FINAL_STATES = ["succeeded", "failed", "cancelled"];

let streamCount = 0;

/**
 * Tell `onJob(job)` how the job at `url` stands until it is final.
 *
 * By an event stream; where that fails or there are enough of them, by asking. Throws Problem when
 * there is no such job any more, and `signal.reason` when aborted.
 */
export async function followJob(url, onJob, signal) {
  if (streamCount < MOST_STREAMS && (await streamJob(url, onJob, signal))) return;
  await pollJob(url, onJob, signal);
}

/** Whether the stream told of the end. */
async function streamJob(url, onJob, signal) {
  const source = new EventSource(`${url}/events`);
  streamCount += 1;
  try {
    return await new Promise((resolve, reject) => {
      const silence = setTimeout(() => resolve(false), FIRST_EVENT_MILLISECONDS);
      source.addEventListener("job", (event) => {
        clearTimeout(silence);
        const job = JSON.parse(event.data);
        onJob(job);
        if (isFinal(job)) resolve(true);
      });
      source.onerror = () => {
        if (source.readyState === EventSource.CLOSED) resolve(false);
      };
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  } finally {
    source.close();
    streamCount -= 1;
  }
}

async function pollJob(url, onJob, signal) {
  let failureCount = 0;
  while (true) {
    let seconds = POLL_SECONDS;
    try {
      const job = JSON.parse((await send("GET", url, { signal })).text);
      failureCount = 0;
      onJob(job);
      if (isFinal(job)) return;
    } catch (error) {
      if (!(error instanceof NoAnswer) && !(error instanceof Problem && error.status >= 500)) throw error;
      failureCount += 1;
      seconds = pickDelaySeconds(failureCount, error.retryAfterSeconds ?? null);
    }
    await sleep(seconds, signal);
  }
}

function isFinal(job) {
  return FINAL_STATES.includes(job.state);
}
