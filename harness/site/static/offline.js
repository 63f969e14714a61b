// The service worker: answers from its cache, and caches what it fetches, so that the site works offline after the first visit.
const CACHE = "chaoslab-{{ version }}";
const FILES = {{ files }}; // by the name of what is asked for
const TRIES = 5, PAUSE_MS = 1000;

// A browser refuses a redirected answer for a page; a copy of it has no such mark.
const unredirected = (answer) => (answer.redirected ? new Response(answer.body, { status: answer.status, headers: answer.headers }) : answer);
const bare = (url) => url.split(/[?#]/)[0];

async function fetchOne(cache, url) {
  const answer = await fetch(url, { cache: "no-cache" }); // the browser's own cache may have it of another version
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  await cache.put(url, unredirected(answer));
}
// A connection breaks off whenever a network comes or goes, as those of containers do.
async function patiently(work, tries = TRIES) {
  try { return await work(); } catch (error) { if (tries === 1) throw error; }
  await new Promise((done) => setTimeout(done, PAUSE_MS));
  return patiently(work, tries - 1);
}
// `what` names a list of files, or is the address of one.
async function fetchAll(what) {
  const cache = await caches.open(CACHE);
  for (const url of (FILES[what] ?? [what]).map((name) => new URL(name, location).href))
    if (!(await cache.match(url))) await patiently(() => fetchOne(cache, url));
  for (const name of await caches.keys()) if (name.startsWith("chaoslab-") && name !== CACHE) await caches.delete(name);
}
// Some servers serve page.html as page, and index.html as its folder.
async function cached(cache, url) {
  for (const name of [url, `${url}.html`, `${url}index.html`]) {
    const answer = await cache.match(name);
    if (answer) return answer;
  }
}
async function answer(event) {
  const { request } = event, url = bare(request.url), cache = await caches.open(CACHE), known = await cached(cache, url);
  if (known) return known;
  try {
    const fresh = await fetch(request);
    if (fresh.status === 200) event.waitUntil(cache.put(url, unredirected(fresh.clone())).catch(() => {})); // a full disk caches nothing
    return fresh;
  } catch (error) {
    return (await cached(caches, url)) ?? Promise.reject(error); // from the cache of the version before
  }
}

const fetching = {};
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil((fetching[event.data] ??= fetchAll(event.data).catch((error) => { delete fetching[event.data]; console.warn(`The site will not work offline: ${error}`); }))));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === location.origin) event.respondWith(answer(event));
});
