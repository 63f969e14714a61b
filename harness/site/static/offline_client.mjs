// Makes the next visit work without a network: a service worker caches what this visit fetches, and then the rest of the site.
const container = navigator.serviceWorker; // undefined where the page came over plain HTTP from another machine
const PATIENCE_MS = 1000;
let sees = false;

// Resolves when the service worker sees every fetch of the page, so that no file is fetched twice; or after a second without it.
export async function serviceWorkerReady() {
  if (!container) return;
  const controls = new Promise((done) => container.addEventListener("controllerchange", done, { once: true }));
  const registered = container.register(new URL("offline.js", import.meta.url)).then(() => container.controller ?? controls);
  const patience = new Promise((done) => setTimeout(done, PATIENCE_MS));
  await Promise.race([registered.catch((error) => console.warn(`The site will not work offline: ${error}`)), patience]);
  sees = Boolean(container.controller);
}
async function cache(...all) {
  const active = (await container?.ready)?.active;
  for (const what of all) active?.postMessage(what);
}
export const cacheTheRest = () => cache("rest");
// Caches a file that this visit has fetched and that may be in no list; where the service worker sees fetches, it has it already.
export const cacheFetched = (url) => { if (!sees) cache(url); };
export const cacheWithCalculators = () => cache("calculators", "rest");
