// The way to a session's engine: a worker of this tab, which all sessions of the page share. It stands in for the console's own.
// While the engine starts, the opening of a lab is answered from its recording. The engine is asked all the same, and has the last word.
import { cacheFetched, cacheTheRest, serviceWorkerReady } from "../offline_client.mjs";
import { Openings, canonical } from "./openings.mjs";

class Session {
  constructor(name, { hear, there, anew }) { Object.assign(this, { name, hear, there, anew, recorded: [] }); }
  tell(word) { this.hear(JSON.stringify(word)); }
  // Gives what was recorded for a message; what the engine says of it is compared with that.
  replay(id, asked, told) {
    this.recorded.push({ id, asked, told, said: [] });
    told.forEach((word, at) => this.tell(at === told.length - 1 ? { ...word, id } : word));
  }
  // Takes what the engine says; the page is not told again what it was told already. Gives a message whose answer was not as recorded.
  take(text) {
    const [first] = this.recorded;
    if (!first) { this.hear(text); return null; }
    const { id, ...word } = JSON.parse(text);
    first.said.push(word);
    if (id !== first.id) return null; // the last word, which has the number, is still to come
    this.recorded.shift();
    return canonical(first.said) === canonical(first.told) ? null : first.asked;
  }
}

class Engine {
  constructor() {
    const mayFetch = serviceWorkerReady();
    Object.assign(this, { sessions: new Map(), count: 0, isRecorded: true, isReady: false, failed: "", replayed: Promise.resolve(), openings: new Openings(mayFetch) });
    this.worker = mayFetch.then(() => {
      const worker = new Worker(new URL("../engine/worker.mjs", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => this.hear(data);
      worker.onerror = (event) => this.fail(event.message || "the engine did not start");
      return worker;
    });
    this.openings.file("hello"); // before the engine, which is large
  }
  post(message) { this.worker.then((worker) => worker.postMessage(message)); }
  send(session, text) {
    if (this.failed) session.tell(this.failed);
    this.post({ session: session.name, text });
    this.replayed = this.replayed.then(() => this.replay(session, text));
  }
  // From the first message that was not recorded on, all wait for the engine: it may have changed what there is to be told.
  async replay(session, text) {
    if (!this.isRecorded) return;
    const { id, ...asked } = JSON.parse(text), told = await this.openings.told(asked);
    if (!this.isRecorded || !this.sessions.has(session.name)) return; // the engine was there first, or the page has gone on
    this.isRecorded = Boolean(told);
    if (told) session.replay(id, asked, told);
  }
  hear({ ready, failed, fetched, session, text }) {
    if (fetched) cacheFetched(fetched);
    if (failed) this.fail(failed);
    if (ready) { [this.isRecorded, this.isReady] = [false, true]; cacheTheRest(); }
    const wrong = text && this.sessions.get(session)?.take(text);
    if (wrong) this.differ(wrong);
    this.settle();
  }
  // The page opens its address again, and asks the engine for all of it.
  differ(asked) {
    console.error(`The engine does not say what was recorded of ${canonical(asked)}; the page is opened again.`);
    if (!this.isWrong) [...this.sessions.values()][0].anew();
    this.isWrong = true;
  }
  // It is there when it has said all that was said for it.
  settle() {
    const all = [...this.sessions.values()];
    if (this.isThere || !this.isReady || all.some((one) => one.recorded.length)) return;
    this.isThere = true;
    for (const one of all) one.there();
  }
  fail(why) {
    const word = { say: "failed", why, over: true, bug: true };
    if (!this.isReady) [this.isRecorded, this.failed] = [false, word]; // it will not start any more
    for (const one of this.sessions.values()) one.tell(word);
  }
}

let engine;
export function transport(_, { ready, ...page }) {
  engine ??= new Engine();
  const session = new Session(++engine.count, page);
  engine.sessions.set(session.name, session);
  Promise.resolve().then(ready);
  return {
    send: (text) => (engine.send(session, text), true),
    close: () => { engine.sessions.delete(session.name); engine.post({ session: session.name, close: true }); engine.settle(); },
  };
}
