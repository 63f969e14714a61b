// The way to a session's engine: a worker of this tab, which all sessions of the page share. It stands in for the console's own.
import { cacheTheRest, serviceWorkerReady } from "../offline_client.mjs";

const heard = new Map();
let worker, broken;

function failed(why) {
  const text = JSON.stringify({ say: "failed", why, over: true, bug: true });
  for (const each of heard.values()) each.hear(text);
  return text;
}
// The page loads this module by itself and first: the engine starts while the page's other modules are fetched.
const ready = serviceWorkerReady().then(() => new Promise((done) => {
  let stands = false;
  worker = new Worker(new URL("../engine/worker.mjs", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => {
    if (data.ready) { stands = true; done(); cacheTheRest(); }
    else if (data.failed) { const text = failed(data.failed); if (!stands) broken = text; }
    else heard.get(data.session)?.hear(data.text);
  };
  worker.onerror = (event) => worker.onmessage({ data: { failed: event.message || "the engine did not start" } });
}));

export function transport(name, { hear, ready: begin }) {
  heard.set(name, { hear });
  ready.then(begin);
  if (broken) queueMicrotask(() => hear(broken));
  return {
    send: (text) => (worker.postMessage({ session: name, text }), true),
    close: () => { heard.delete(name); worker?.postMessage({ session: name, close: true }); },
  };
}
