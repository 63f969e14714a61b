// One request, hop by hop, in every run: who served it, who had given up on it by then.
import { h, text, ms, seconds, many, plural } from "./dom.mjs";

const MOST_ROWS = 60, BEYOND = 1.4;
const id = (number) => (number + 1).toString(16).padStart(16, "0"); // the span of the client that sends it

export class Follow {
  constructor(page, section) { Object.assign(this, { page, section, number: null }); }
  get isOpen() { return !this.section.hidden; }
  close() { this.section.hidden = true; }
  toggle() { return this.isOpen ? this.close() : this.open(this.latest()); }
  paint() {} // of one request nothing changes by itself
  // The last that was sent some time ago, so that something has become of it.
  latest() { return Math.max(0, Math.min(...this.page.runs.map((run) => run.look.load.sent - run.look.load.under_way)) - 1); }
  async open(number = this.number ?? this.latest()) {
    this.number = Math.max(0, number);
    const found = await this.ask(this.number);
    const isNew = this.section.hidden;
    this.section.hidden = false;
    this.draw(found);
    if (isNew) this.section.scrollIntoView({ block: "nearest" });
  }
  ask(number) { return this.page.between(() => Promise.all(this.page.runs.map(async (run) => (await run.send({ do: "follow", request: number })).followed))); }
  another(by) { if (this.isOpen) this.open(this.number + by); }
  // The first from here on that ended in one run as in no other.
  async differs() {
    const most = Math.min(...this.page.runs.map((run) => run.look.load.sent));
    for (let number = this.isOpen ? this.number + 1 : 0; number < most; number++) {
      const found = await this.ask(number), status = found.map((one) => one?.request?.status);
      if (status.every((one) => one !== undefined) && new Set(status).size > 1) return this.open(number);
      if (number % 20 === 19) { this.page.said(`Looking for a request that ended otherwise: ${number} …`); await new Promise((done) => setTimeout(done, 400)); }
    }
    this.page.said("No request has ended otherwise so far.");
  }
  draw(found) {
    const some = found.find((one) => one?.request)?.request;
    const most = Math.max(0.05, ...found.map(lasted)) * BEYOND; // one scale for all
    const button = (words, key, act) => h("button", { onclick: act }, words, h("kbd", {}, key));
    this.section.replaceChildren(
      h("header", {}, h("h2", { tabindex: -1 }, `Request ${this.number}, hop by hop`), h("span", { class: "muted" }, some ? `due at ${seconds(some.intended_s)}, the same in ${this.page.runs.length > 1 ? "both" : "each replay"}` : "not ended yet"), h("button", { class: "undo", onclick: () => this.close() }, "close")),
      h("p", { class: "legend" }, h("span", {}, h("i", { class: "key srv" }), "served or waiting"), h("span", {}, h("i", { class: "key call" }), "a caller waits"), h("span", {}, h("i", { class: "key no" }), "after its caller gave up")),
      ...found.map((one, at) => this.fall(one, this.page.runs[at], most)),
      h("p", { class: "row" }, button(`‹ ${Math.max(0, this.number - 1)}`, "[", () => this.another(-1)), button(`${this.number + 1} ›`, "]", () => this.another(1)), this.page.runs.length > 1 ? button("the next that differs", "D", () => this.differs()) : "", button("the last one", "F", () => this.open(this.latest()))),
    );
  }
  fall(followed, run, most) {
    const rows = followed ? tree(followed) : [];
    const head = h("header", {}, h("h3", {}, run.title));
    if (!rows.length) return h("article", { class: "wf" }, head, h("p", { class: "muted" }, "It has not ended here yet: let time pass."));
    const { request } = followed, from = request.intended_s, until = from + most, wasted = rows.filter((row) => row.gone_s !== undefined && row.end_s);
    const share = (at) => `${(100 * (Math.min(at, until) - from)) / (until - from)}%`;
    const took = request.answered_s == null ? "" : ` after ${ms(1000 * (request.answered_s - from))}`;
    head.append(h("span", { class: request.status.startsWith("2") ? "good" : "bad" }, `${request.status}${took}`), wasted.length ? h("span", { class: "muted" }, `${plural(wasted.length, "answer")} for nobody`) : "");
    return h("article", { class: "wf" }, head, h("ol", {}, rows.slice(0, MOST_ROWS).map((row) => this.row(row, share, until))), axis(from, until), rows.length > MOST_ROWS ? h("p", { class: "muted" }, `and ${many(rows.length - MOST_ROWS)} more hops`) : "");
  }
  row(row, share, until) {
    const bar = (kind, a, b) => { const made = h("i", { class: kind }); made.style.left = share(a); made.style.width = `calc(${share(b)} - ${share(a)})`; return made; };
    const end = row.end_s ?? until, bars = [];
    if (row.kind === "server") {
      bars.push(bar("srv", row.start_s, Math.min(end, row.gone_s ?? end)));
      if (row.gone_s !== undefined && end > row.gone_s) bars.push(bar("waste", Math.max(row.start_s, row.gone_s), end));
    } else bars.push(bar(row.kind === "root" ? "root" : "call", row.start_s, end));
    if (end > until) bars.push(h("span", { class: "cut" }, `until ${seconds(end)} ▸`));
    const isLate = row.kind === "server" && row.gone_s !== undefined && row.end_s > row.gone_s, isGood = /^[23]/.test(row.status);
    const name = h("span", { class: "nm" }, row.name);
    name.style.setProperty("--d", row.depth);
    return h("li", {}, name, h("span", { class: "tr", "aria-hidden": "true" }, bars), h("span", { class: "res" }, h("span", { class: isLate || !isGood ? "bad" : "good" }, row.end_s == null ? "not done yet" : `${row.status}${isLate ? ", for nobody" : ""}`), h("small", {}, row.end_s == null ? "" : ms(1000 * (row.end_s - row.start_s)))));
  }
}
// How long somebody waited for it, or for a part of it.
function lasted(followed) {
  if (!followed?.request) return 0;
  return Math.max(...tree(followed).filter((row) => row.kind !== "server").map((row) => (row.end_s ?? followed.request.intended_s) - followed.request.intended_s));
}
function axis(from, until) {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((part) => h("span", {}, `${(from + part * (until - from)).toFixed(2)}${part ? "" : " s"}`));
  return h("p", { class: "ax", "aria-hidden": "true" }, h("span", {}), h("span", { class: "marks" }, marks), h("span", {}));
}
// Callers above what they called; a server's row knows when its caller gave up.
function tree({ request, spans }) {
  if (!request) return [];
  const root = { kind: "root", name: `client → ${request.to}`, depth: 0, start_s: request.sent_s, end_s: request.answered_s, status: request.status };
  const rows = [root], below = new Map();
  for (const span of spans) below.set(span.parent, [...(below.get(span.parent) ?? []), span]);
  const walk = (parent, depth, gone_s) => {
    for (const span of (below.get(parent) ?? []).sort((a, b) => a.start_s - b.start_s)) {
      const isServer = span.kind === "server";
      rows.push({ kind: span.kind, depth, start_s: span.start_s, end_s: span.end_s, status: span.status, gone_s: isServer ? gone_s : undefined, name: isServer ? `in ${span.callee}` : `→ ${span.callee}${span.attempt ? `, try ${span.attempt}` : ""}` });
      const gave = !isServer && !/^\d+$/.test(span.status) ? span.end_s : undefined;
      if (!isServer && gave !== undefined && !below.has(span.span)) rows.push({ kind: "server", depth: depth + 1, start_s: span.start_s, end_s: null, status: "", gone_s: gave, name: `in ${span.callee}` });
      walk(span.span, depth + 1, gave);
    }
  };
  walk(id(request.number), 1, /^\d+$/.test(request.status) ? undefined : request.answered_s ?? undefined);
  return rows;
}
