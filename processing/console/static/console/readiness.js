/* The line that tells how the service does. */

const LOOK_MILLISECONDS = 15_000;
/** While something is wrong, somebody waits for it to be right. */
const LOOK_AGAIN_MILLISECONDS = 3_000;

/** Look at /readyz now and again while the page is seen. */
export function showReadiness(element) {
  const look = async () => {
    if (!document.hidden) show(element, await read());
    setTimeout(look, element.dataset.state === "ok" ? LOOK_MILLISECONDS : LOOK_AGAIN_MILLISECONDS);
  };
  look();
}

async function read() {
  try {
    const answer = await fetch("/readyz", { cache: "no-store" });
    return { isServing: answer.ok, parts: await answer.json() };
  } catch {
    return { isServing: false, parts: { service: "does not answer" } };
  }
}

function show(element, { isServing, parts }) {
  const wrong = Object.entries(parts).filter(([, state]) => state !== "ok");
  element.dataset.state = wrong.length === 0 ? "ok" : isServing ? "degraded" : "failed";
  const words = wrong.map(([part, state]) => `${part} ${state}`).join("; ") || "Ready";
  const line = element.querySelector(".words");
  if (line.textContent !== words) line.textContent = words;
}
