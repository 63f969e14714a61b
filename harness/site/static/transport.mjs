// The way to a session's engine: a worker of this tab, which all sessions of the page share. It stands in for the console's own.
import { cacheTheRest, serviceWorkerReady } from "../offline_client.mjs";

const heard = new Map();
let worker, ready;

function shared() {
  ready ??= serviceWorkerReady().then(() => new Promise((done) => {
    worker = new Worker(new URL("../engine/worker.mjs", import.meta.url), { type: "module" });
    worker.onmessage = ({ data }) => {
      if (data.ready) { done(); cacheTheRest(); }
      else if (data.failed) for (const each of heard.values()) each.hear(JSON.stringify({ say: "failed", why: data.failed, over: true, bug: true }));
      else heard.get(data.session)?.hear(data.text);
    };
    worker.onerror = (event) => worker.onmessage({ data: { failed: event.message || "the engine did not start" } });
  }));
}

export function transport(name, { hear, ready: begin }) {
  shared();
  heard.set(name, { hear });
  ready.then(begin);
  return {
    send: (text) => (worker.postMessage({ session: name, text }), true),
    close: () => { heard.delete(name); worker?.postMessage({ session: name, close: true }); },
  };
}
