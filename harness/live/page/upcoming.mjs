// What comes next in virtual time, in every run: what is planned and what is due, in words; a click goes there.
import { h, text, many, place, ms } from "./dom.mjs";

const MOST = 10, EVERY_MS = 500;

export class Upcoming {
  constructor(page, section) { Object.assign(this, { page, section, asked: "", due: 0 }); }
  get isOpen() { return !this.section.hidden; }
  toggle() {
    this.section.hidden = this.isOpen;
    this.asked = "";
    if (!this.isOpen) return;
    this.list = h("ol", { class: "next" });
    this.section.replaceChildren(h("header", {}, h("h2", { tabindex: -1 }, "What comes next"), (this.since = h("span", { class: "muted" })), h("button", { class: "undo", onclick: () => this.toggle() }, "close")), this.list);
    this.section.scrollIntoView({ block: "nearest" });
    this.paint();
  }
  // While time passes, twice a second: nobody reads faster.
  paint() {
    const { clock, runs } = this.page, key = `${clock.at_s} ${runs.map((run) => `${run.name} ${run.script.length}`)}`;
    if (!this.isOpen || key === this.asked) return;
    const wait = this.due - performance.now();
    if (clock.playing && wait > 0) { this.later ||= setTimeout(() => { this.later = 0; this.paint(); }, wait); return; }
    Object.assign(this, { asked: key, due: performance.now() + EVERY_MS });
    this.ask();
  }
  async ask() {
    const { runs, clock } = this.page;
    const told = await clock.exclusive(() => Promise.all(runs.map((run) => run.send({ do: "upcoming", most: MOST }))));
    if (!this.isOpen || told.some((one) => !one.ok)) return;
    this.draw(merged(told.map((one) => one.upcoming.events), runs, clock.planned).slice(0, MOST), told[0].upcoming.at_s);
  }
  draw(events, at_s) {
    text(this.since, `after ${at_s.toFixed(3)} s; pick one to go there`);
    const at = [...this.list.querySelectorAll("button")].indexOf(document.activeElement);
    this.list.replaceChildren(...events.map((event) => this.row(event)));
    if (at >= 0) this.list.querySelectorAll("button")[Math.min(at, events.length - 1)]?.focus();
    if (!events.length) this.list.append(h("li", { class: "muted" }, "Nothing: the run is over."));
  }
  row(event) {
    const { runs } = this.page, whose = event.of.length < runs.length ? event.of.map((run) => run.title).join(", ") : runs.length > 1 ? "both" : "";
    const after = event.after_s == null ? "" : `, after ${ms(1000 * event.after_s)}`, more = event.count > 1 ? `, the first of ${many(event.count)}` : "", held = event.held ? " (frozen: only once it is thawed)" : "";
    return h("li", { class: event.said.startsWith("fault") ? "planned" : "" }, h("button", { class: "link", onclick: () => this.go(event.at_s) }, `${event.at_s.toFixed(3)} s`), h("span", {}, `${place(event.said)}${after}${more}${held}`, event.where ? h("small", {}, ` ${event.where}`) : ""), h("span", { class: "muted" }, whose));
  }
  async go(at_s) {
    this.page.clock.stop();
    this.page.state("running");
    await this.page.between(async () => { await this.page.clock.step(at_s); await this.page.clock.exact(at_s); }); // a step rounds
    this.page.moved();
  }
}
// What is to come in several runs at one moment, and is said alike, is one event.
function merged(lists, runs, planned) {
  const found = new Map(), add = (run, event) => {
    const key = `${event.at_s.toFixed(6)} ${event.said} ${event.held}`, one = found.get(key);
    if (!one) found.set(key, { ...event, of: [run] });
    else if (!one.of.includes(run)) one.of.push(run);
  };
  lists.forEach((events, at) => events.forEach((event) => add(runs[at], event)));
  for (const { run, fault, end_s } of planned) {
    const there = run.faults.find((one) => one.number === fault);
    if (there) add(run, { at_s: end_s, said: `fault: ${there.said}: over`, count: 1, held: false });
  }
  return [...found.values()].sort((a, b) => a.at_s - b.at_s);
}
