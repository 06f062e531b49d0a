/* How fast something goes, by what the last seconds brought. */

const SPAN_MILLISECONDS = 8_000;
/** Less than this says little, in milliseconds. */
const LEAST_MILLISECONDS = 500;

export class Pace {
  #samples = [];

  /** `bytes` have been reached at `now`, in milliseconds; fewer than before begin anew. */
  note(bytes, now) {
    const last = this.#samples.at(-1);
    if (last && bytes < last.bytes) this.#samples = [];
    this.#samples.push({ bytes, now });
    while (this.#samples.length > 2 && now - this.#samples[0].now > SPAN_MILLISECONDS) this.#samples.shift();
  }

  /** Begin anew: what comes next has nothing to do with what was. */
  reset() {
    this.#samples = [];
  }

  /** null as long as it cannot be told. */
  get bytesPerSecond() {
    const [first, last] = [this.#samples[0], this.#samples.at(-1)];
    if (!first || last.now - first.now < LEAST_MILLISECONDS) return null;
    return ((last.bytes - first.bytes) / (last.now - first.now)) * 1000;
  }
}
