// The next visit may be without a network: a service worker keeps what this one fetches, and then the rest of the site.
const offline = navigator.serviceWorker; // not there where a page came over plain HTTP from another machine
const PATIENCE_MS = 1000;

// Resolves when the service worker sees what the page fetches, so that nothing is fetched twice; or when it does not come.
export async function watched() {
  if (!offline) return;
  const sees = new Promise((done) => offline.addEventListener("controllerchange", done, { once: true }));
  try {
    await offline.register(new URL("offline.js", import.meta.url));
    if (!offline.controller) await Promise.race([sees, new Promise((done) => setTimeout(done, PATIENCE_MS))]);
  } catch (error) {
    console.warn(`Not kept for later: ${error}`); // all the same it works now
  }
}
export async function kept() {
  (await offline?.ready)?.active.postMessage("keep");
}
