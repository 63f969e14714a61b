// After the first visit the site works without a network: what was kept is given, and what is new is kept.
const KEPT = "chaoslab-{{ version }}";
const FILES = {{ files }};

// What a server answered after sending the browser elsewhere may not be given for a page; the same without that mark may.
const plain = (answer) => (answer.redirected ? new Response(answer.body, { status: answer.status, headers: answer.headers }) : answer);
const bare = (url) => url.split(/[?#]/)[0];

// The rest of the site. What another version has kept goes when all of this one is there.
let rest;
async function keep() {
  const here = await caches.open(KEPT), names = FILES.map((name) => new URL(name, location).href);
  for (const name of names) {
    if (await here.match(name)) continue;
    const answer = await fetch(name, { cache: "no-cache" }); // of this version, whatever the browser has
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    await here.put(name, plain(answer));
  }
  for (const name of await caches.keys()) if (name.startsWith("chaoslab-") && name !== KEPT) await caches.delete(name);
}
// Some servers show page.html as page, and index.html as its folder.
async function found(held, url) {
  for (const name of [url, `${url}.html`, `${url}index.html`]) {
    const one = await held.match(name);
    if (one) return one;
  }
}
async function answered(event) {
  const { request } = event, url = bare(request.url), here = await caches.open(KEPT), one = await found(here, url);
  if (one) return one;
  try {
    const answer = await fetch(request);
    if (answer.status === 200) event.waitUntil(here.put(url, plain(answer.clone())).catch(() => {})); // a full disk keeps nothing
    return answer;
  } catch (error) {
    return (await found(caches, url)) ?? Promise.reject(error); // of the version before, better than nothing
  }
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("message", (event) => event.waitUntil((rest ??= keep().catch((error) => { rest = undefined; console.warn(`Not all is kept: ${error}`); }))));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method === "GET" && new URL(request.url).origin === location.origin) event.respondWith(answered(event));
});
