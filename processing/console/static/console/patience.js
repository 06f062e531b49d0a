/* How long to wait before trying again. */

const FIRST_SECONDS = 0.5;
const MOST_SECONDS = 30;

/** Doubles with each failure in a row, up to 30 s; half of it is chance, so that clients spread. */
export function pickDelaySeconds(failureCount, retryAfterSeconds = null) {
  const seconds = Math.min(MOST_SECONDS, FIRST_SECONDS * 2 ** (failureCount - 1));
  const delay = seconds / 2 + (Math.random() * seconds) / 2;
  return retryAfterSeconds === null ? delay : retryAfterSeconds + Math.random();
}

/** Return after `seconds`, or as soon as the network is back. Throws `signal.reason` when aborted. */
export function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const finish = (settle) => () => {
      clearTimeout(timer);
      window.removeEventListener("online", wake);
      signal?.removeEventListener("abort", stop);
      settle(signal?.reason);
    };
    const wake = finish(resolve);
    const stop = finish(reject);
    const timer = setTimeout(wake, seconds * 1000);
    window.addEventListener("online", wake);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop);
  });
}
