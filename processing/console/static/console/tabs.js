/* Which uploads the open pages of this browser hold, so that no page takes one from another. */

const PREFIX = "plimsoll:upload-of-a-page:";

/** Hold the upload at that url until the function that is returned is called, or the page goes. */
export function hold(url) {
  let letGo = () => {};
  const held = new Promise((resolve) => {
    letGo = resolve;
  });
  // Without Web Locks (over plain http they are for this machine alone) no page knows of another.
  navigator.locks?.request(PREFIX + url, () => held);
  return letGo;
}

/** The urls of all uploads that pages hold, this one too. */
export async function listHeld() {
  const { held = [] } = (await navigator.locks?.query()) ?? {};
  return new Set(
    held.filter(({ name }) => name.startsWith(PREFIX)).map(({ name }) => name.slice(PREFIX.length)),
  );
}
