// What clients asked and were told, one line for each host that was asked; what cannot be is ringed, and said below.
import { h, s, many, plural, seconds } from "./dom.mjs";
import { windows } from "./words.mjs";

const SPANS = [2, 10, 60], MOST = 1500, LISTED = 12, WIDE = 1000, LEFT = 120, LANE = 9, LANES = 5, EVERY_MS = 500;

export class History {
  constructor(page, section) { Object.assign(this, { page, section, span_s: 10, asked: "", due: 0 }); }
  get isOpen() { return !this.section.hidden; }
  toggle() {
    this.section.hidden = this.isOpen;
    this.asked = "";
    if (this.isOpen) this.section.scrollIntoView({ block: "nearest" });
    this.paint();
  }
  // While time passes, twice a second.
  paint() {
    const { clock, runs } = this.page, key = `${clock.at_s} ${this.span_s} ${runs.map((run) => `${run.name} ${run.script.length}`)}`;
    if (!this.isOpen || key === this.asked) return;
    const wait = this.due - performance.now();
    if (clock.playing && wait > 0) { this.later ||= setTimeout(() => { this.later = 0; this.paint(); }, wait); return; }
    Object.assign(this, { asked: key, due: performance.now() + EVERY_MS });
    this.ask();
  }
  async ask() {
    const { runs, clock } = this.page;
    const told = await clock.exclusive(() => Promise.all(runs.map((run) => run.send({ do: "history", span_s: this.span_s }))));
    if (!this.isOpen || told.some((one) => !one.ok)) return;
    const spans = h("span", { class: "segment", role: "group", "aria-label": "How much time is shown" }, SPANS.map((span) => h("button", { "aria-pressed": span === this.span_s, onclick: () => { this.span_s = span; this.paint(); } }, `${span} s`)));
    this.section.replaceChildren(
      h("header", {}, h("h2", { tabindex: -1 }, "History"), h("span", { class: "muted" }, "what clients asked each host, and what cannot be"), spans, h("button", { class: "undo", onclick: () => this.toggle() }, "close")),
      h("p", { class: "legend" }, h("span", {}, h("i", { class: "key op write" }), "write acknowledged"), h("span", {}, h("i", { class: "key op read" }), "read"), h("span", {}, h("i", { class: "key no" }), "failed"), h("span", {}, h("i", { class: "key ring" }), "anomaly")),
      ...told.map((one, at) => this.one(one.history, runs[at])),
    );
  }
  one(told, run) {
    const bad = told.operations.filter((one) => one.anomaly), head = h("header", {}, h("h3", {}, run.title));
    if (!told.kept) return h("article", { class: "hist" }, head, h("p", { class: "muted" }, "This lab's clients keep no answers, so nothing can be said of its history."));
    head.append(h("span", { class: bad.length ? "bad" : "good" }, bad.length ? `✗ ${plural(bad.length, "anomaly", "anomalies")}` : "✓ no anomaly"), h("span", { class: "muted" }, `among ${many(told.operations.length)} operations since ${seconds(told.since_s)}`));
    const list = h("ol", { class: "anomalies" }, bad.slice(-LISTED).reverse().map((one) => h("li", {}, h("button", { class: "link", onclick: () => this.page.follow.open(one.number) }, `${one.sent_s.toFixed(3)} s`), h("span", {}, h("b", {}, `${one.what} at ${one.host}: `), one.anomaly))));
    return h("article", { class: "hist" }, head, h("div", { class: "st-wrap", tabindex: 0, role: "region", "aria-label": `${run.title}: history` }, this.diagram(told, run, bad.length)), bad.length > LISTED ? h("p", { class: "muted" }, `The last ${LISTED} of ${many(bad.length)}; a moment opens the request, hop by hop.`) : "", list);
  }
  diagram(told, run, count) {
    const hosts = run.opened.hosts.map((host) => host.name).filter((name) => told.operations.some((one) => one.host === name)), row = LANES * LANE + 26;
    const from_s = told.since_s, to_s = Math.max(told.at_s, from_s + 0.1), x = (at) => LEFT + ((Math.min(at, to_s) - from_s) / (to_s - from_s)) * (WIDE - LEFT - 12);
    const height = 14 + hosts.length * row + 20;
    const svg = s("svg", { viewBox: `0 0 ${WIDE} ${height}`, role: "img", "aria-label": `${run.title}: ${many(told.operations.length)} operations, ${plural(count, "anomaly", "anomalies")}` });
    for (const one of windows(run, told.at_s)) if ((one.end_s ?? to_s) > from_s) svg.append(s("rect", { class: "cutband", x: x(Math.max(one.start_s, from_s)), y: 0, width: Math.max(1, x(one.end_s ?? to_s) - x(Math.max(one.start_s, from_s))), height: height - 20 }));
    hosts.forEach((name, at) => {
      const y = 14 + at * row, free = Array(LANES).fill(-Infinity);
      svg.append(s("text", { class: "name", x: 0, y: y + row / 2 }, name), s("path", { class: "life", d: `M${LEFT},${y + row - 14}H${WIDE - 12}` }));
      for (const one of told.operations.filter((each) => each.host === name).slice(-MOST)) {
        const a = x(one.sent_s), b = Math.max(a + 2.5, x(one.answered_s ?? one.sent_s)), lane = Math.max(0, free.findIndex((end) => end <= a)), top = y + lane * LANE;
        free[lane] = b + 1;
        svg.append(s("rect", { class: `op ${one.good ? one.kind : "none"}`, x: a.toFixed(1), y: top, width: (b - a).toFixed(1), height: LANE - 3 }, s("title", {}, `${one.what} at ${seconds(one.sent_s)}: ${one.status} ${one.said}${one.anomaly ? `. ${one.anomaly}` : ""}`)));
        if (one.anomaly) svg.append(s("circle", { class: "anomaly", cx: ((a + b) / 2).toFixed(1), cy: top + (LANE - 3) / 2, r: one.kind === "read" ? 7 : 4.5 }));
      }
    });
    for (const part of [0, 0.25, 0.5, 0.75, 1]) svg.append(s("text", { class: "tick", x: LEFT + part * (WIDE - LEFT - 12), y: height - 4, "text-anchor": part === 1 ? "end" : part ? "middle" : "start" }, `${(from_s + part * (to_s - from_s)).toFixed(1)} s`));
    return svg;
  }
}
