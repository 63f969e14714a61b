// One variant under way: its session, and all that this page has been told of it.
import { transport } from "./transport.mjs";
import { same } from "./dom.mjs";

const MOST_GHOSTS = 2, MOST_MESSAGES = 4000;
const own = Math.random().toString(36).slice(2, 10); // pages that look at one session tell their answers apart by it
let number = 0;

export class Run {
  constructor(name, page) {
    Object.assign(this, { name, page, opened: null, look: null, picture: null, rows: [], ghosts: [], series: [], messages: [], script: [], windows: [], digest: "", failed: "", peaks: [], gone: [], fastest: 0, slowest: 0, busiest: 0 });
    this.waiting = new Map();
    this.pictures = new Map();
    this.arrivals = [];
    this.ready = new Promise((done) => (this.isReady = done));
    this.connect();
  }

  connect() {
    this.way = transport(this.name, { hear: (text) => this.hear(JSON.parse(text)), ready: () => this.isReady(), there: () => this.page.engineState.there(), closed: () => this.closed(), anew: () => this.page.engineState.anew() });
  }
  close() { this.isClosed = true; this.way.close(); }
  closed() {
    if (this.isClosed) return;
    this.failed ||= "The session is over. Load the page again: the address holds all that you did.";
    this.settle();
    this.page.changed(this);
  }

  // Gives {ok: true, ...what was told for it} or {ok: false, why}.
  send(message) {
    const id = `${own}-${++number}`;
    return new Promise((done) => { this.waiting.set(id, { done, told: {} }); this.last = id; this.way.send(JSON.stringify({ ...message, id })); });
  }
  // Lets time pass to a moment; resolves when it is there, or cannot be.
  advance(to_s) {
    if (this.over || this.failed || this.at_s >= to_s) return Promise.resolve();
    const there = new Promise((done) => this.arrivals.push({ to_s, done }));
    this.send({ do: "advance", to_s }).then((answer) => answer.ok || this.arrive(this.at_s, true));
    return there;
  }
  // Opens an experiment, or goes back in it; resolves when it stands at its moment.
  async stand(message) {
    const made = message.experiment ? await this.page.tools.sandbox.prepare(this, message.experiment.lab) : { ok: true };
    if (!made.ok) return made;
    this.failed = "";
    this.digest = "";
    const there = new Promise((done) => (this.stood = done));
    const answer = await this.send(message);
    if (answer.ok) await there;
    return answer;
  }
  get at_s() { return this.look?.at_s ?? 0; }
  get over() { return this.look?.over ?? false; }
  get peak() { return Math.max(0, ...this.peaks); }
  get title() { return this.label ?? this.variant; }
  get variant() { return this.opened?.variant ?? ""; }
  get faults() { return (this.look?.faults ?? []).filter((fault) => fault.state !== "gone"); }
  get shown() { return this.picture ?? this.look; }

  arrive(at_s, always = false) {
    const there = this.arrivals.filter((one) => always || one.to_s <= at_s);
    this.arrivals = this.arrivals.filter((one) => !there.includes(one));
    for (const one of there) one.done();
  }
  settle() {
    this.arrive(Infinity);
    for (const { done, told } of this.waiting.values()) done({ ok: false, why: this.failed, ...told });
    this.waiting.clear();
    this.stood?.();
  }

  hear(message) {
    const act = this[`hear_${message.say}`];
    if (act) act.call(this, message);
  }
  note(what) { for (const one of this.waiting.values()) Object.assign(one.told, what); }
  hear_ok({ id }) { this.answer(id, { ok: true }); }
  hear_refused({ id, why }) { if (id === null) this.page.said(why, true); this.answer(id, { ok: false, why }); }
  answer(id, what) {
    const one = this.waiting.get(id);
    if (!one) return;
    this.waiting.delete(id);
    one.done({ ...one.told, ...what });
  }
  hear_hello(hello) { this.note({ hello }); }
  hear_lesson({ lesson }) { this.note({ lesson }); }
  hear_class(told) { this.page.lesson.heard(told); }
  hear_history(history) { this.note({ history }); }
  hear_claims({ claims }) { this.note({ claims }); }
  hear_library(library) { this.note({ library }); }
  hear_system(system) { this.note({ system }); }
  hear_upcoming(upcoming) { this.note({ upcoming }); }
  hear_followed(followed) { this.note({ followed }); }
  hear_acted(acted) { // by whichever page
    const { at_s, operation } = acted, isDone = (act) => act.at_s <= at_s;
    this.script = [...this.script.filter(isDone), { at_s, ...operation }, ...this.script.filter((act) => !isDone(act))];
    this.note({ acted });
  }
  hear_exported({ experiment }) { this.note({ experiment }); }
  hear_picture({ look }) { if (look && !this.pictures.has(look.at_s)) this.pictures.set(look.at_s, look); this.note({ look }); }
  hear_failed({ why }) { this.failed = why; this.settle(); this.page.changed(this); }
  hear_ended({ digest, run, verdict, failed }) { this.digest = digest; if (run) this.kept = { run, verdict, failed }; this.page.changed(this); }
  hear_starting({ what }) { this.starting = what; this.page.changed(this); }

  hear_opened(opened) {
    const before = this.opened, isSame = before && ["lab", "variant", "seed"].every((one) => before[one] === opened[one]);
    if (!isSame) Object.assign(this, { ghosts: [], rows: [], peaks: [], gone: [], fastest: 0, slowest: 0, busiest: 0, pictures: new Map() });
    Object.assign(this, { opened, isNew: isSame, script: opened.experiment.script, windows: [], messages: [], digest: "", failed: "", starting: "", isEnding: false, kept: null });
    this.page.opened(this, !isSame);
  }
  hear_tick(tick) {
    if (this.isNew) this.keepFuture(tick.at_s);
    this.look = tick;
    this.picture = null;
    for (const row of tick.rows) this.keepRow(row);
    for (const link of tick.links) this.fastest = Math.max(this.fastest, link.last.started);
    if (Number.isInteger(tick.at_s)) this.pictures.set(tick.at_s, tick);
    if (tick.series) this.series = tick.series.slice(1);
    if (tick.messages.length) this.messages = [...this.messages, ...tick.messages].slice(-MOST_MESSAGES);
    // The lab's own faults, which are in no script of this page's; those by hand are in the script.
    this.windows = tick.faults.filter((fault) => fault.number === null).map(({ said, target, start_s, end_s }) => ({ said, target, start_s, end_s: end_s ?? undefined }));
    this.arrive(tick.at_s, tick.over);
    this.stood?.();
    this.stood = null;
    this.page.changed(this);
  }
  keepRow(row) {
    while (this.rows.length && this.rows.at(-1).at_s >= row.at_s - 1e-9) this.rows.pop();
    this.rows.push(row);
    row.waiting.forEach((count, at) => (this.peaks[at] = Math.max(this.peaks[at] ?? 0, count)));
    row.gone.forEach((count, at) => (this.gone[at] = Math.max(this.gone[at] ?? 0, count)));
    this.slowest = Math.max(this.slowest, row.p99_ms ?? 0);
    this.busiest = Math.max(this.busiest, row.good + row.failed);
  }
  // What was seen after a moment that was gone back to stays, beside the new future.
  keepFuture(at_s) {
    this.isNew = false;
    const future = this.rows.filter((row) => row.at_s >= at_s - 1e-9);
    if (future.length > 5) this.ghosts = [future, ...this.ghosts.filter((ghost) => ghost.at(-1).at_s > at_s)].slice(0, MOST_GHOSTS);
    for (const second of [...this.pictures.keys()]) if (second > at_s) this.pictures.delete(second);
    this.rows = [];
  }
  done(at_s = this.at_s) { return this.script.filter((act) => act.at_s <= at_s + 1e-9); }
  rowAt(at_s) { return this.rows.findLast((row) => row.at_s <= at_s + 1e-6); }
  isAt(at_s) { return same(this.at_s, at_s); }
}
