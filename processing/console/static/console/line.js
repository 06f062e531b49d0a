/* A few places, and a line of those who wait for one. */

export class Line {
  #free;
  #waiting = [];

  constructor(places) {
    this.#free = places;
  }

  /** Wait for a place; returns the function that gives it back. Throws `signal.reason` if aborted. */
  async enter(signal) {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#wait(signal);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#free += 1;
      this.#waiting.shift()?.();
    };
  }

  #wait(signal) {
    return new Promise((resolve, reject) => {
      const take = () => {
        signal.removeEventListener("abort", stop);
        this.#free -= 1;
        resolve();
      };
      const stop = () => {
        this.#waiting = this.#waiting.filter((each) => each !== take);
        reject(signal.reason);
      };
      this.#waiting.push(take);
      signal.addEventListener("abort", stop, { once: true });
    });
  }
}
