// Messages between hosts in space and time: one line for each host, one arrow for what left and arrived.
import { h, s, seconds, many } from "./dom.mjs";
import { windows } from "./words.mjs";

const SPANS = [0.1, 0.5, 2], MOST_ARROWS = 600, ROW = 78, WIDE = 1000, LEFT = 120;

export class SpaceTime {
  constructor(page, section) { Object.assign(this, { page, section, span_s: 0.5, drawn: "" }); }
  get isOpen() { return !this.section.hidden; }
  async toggle() {
    const on = !this.isOpen;
    await this.page.between(() => Promise.all(this.page.runs.map((run) => run.send({ do: "messages", on }))));
    this.section.hidden = !on;
    this.drawn = "";
    this.paint();
    if (on) this.section.scrollIntoView({ block: "nearest" });
  }
  paint() {
    if (!this.isOpen) return;
    const key = `${this.page.clock.at_s} ${this.span_s} ${this.page.runs.map((run) => run.messages.length)}`;
    if (key === this.drawn) return;
    this.drawn = key;
    const spans = h("span", { class: "segment", role: "group", "aria-label": "How much time" }, SPANS.map((span) => h("button", { "aria-pressed": span === this.span_s, onclick: () => { this.span_s = span; this.drawn = ""; this.paint(); } }, `${span} s`)));
    this.section.replaceChildren(h("header", {}, h("h2", {}, "Messages in space and time"), h("span", { class: "muted" }, "time goes to the right; an arrow leaves one host and arrives at another"), spans, h("button", { class: "undo", onclick: () => this.toggle() }, "close")), ...this.page.runs.map((run) => this.diagram(run)));
  }
  diagram(run) {
    const to_s = run.at_s, from_s = Math.max(0, to_s - this.span_s), x = (at) => LEFT + ((at - from_s) / this.span_s) * (WIDE - LEFT - 20);
    const names = [...new Set(run.opened.links.map((link) => link.caller).filter((name) => name === "client")), ...run.opened.hosts.map((host) => host.name)], y = Object.fromEntries(names.map((name, at) => [name, 34 + at * ROW]));
    const seen = run.messages.filter((one) => one.sent_s >= from_s && one.sent_s <= to_s && one.link.includes("->")).slice(-MOST_ARROWS);
    const svg = s("svg", { viewBox: `0 0 ${WIDE} ${34 + names.length * ROW}`, role: "img", "aria-label": `${run.title}: ${many(seen.length)} messages between ${seconds(from_s)} and ${seconds(to_s)}` });
    for (const name of names) {
      svg.append(s("text", { class: "name", x: 0, y: y[name] + 5 }, name), s("path", { class: "life", d: `M${LEFT},${y[name]}H${WIDE - 20}` }));
      const host = run.look.hosts.find((one) => one.name === name);
      if (host && host.state !== "running") svg.append(s("text", { class: host.state === "down" ? "bad" : "fz", x: 0, y: y[name] + 22 }, host.state === "paused" ? "frozen" : host.state));
    }
    for (const one of windows(run, to_s)) {
      const a = Math.max(from_s, one.start_s), b = Math.min(to_s, one.end_s ?? to_s);
      if (b > a) svg.prepend(s("rect", { class: "cutband", x: x(a), y: 12, width: x(b) - x(a), height: names.length * ROW - 20 }));
    }
    for (const one of seen) svg.append(arrow(one, x, y));
    for (const part of [0, 0.25, 0.5, 0.75, 1]) svg.append(s("text", { class: "q", x: x(from_s + part * this.span_s), y: 26 + names.length * ROW, "text-anchor": part === 1 ? "end" : "middle" }, `${(from_s + part * this.span_s).toFixed(2)}${part ? "" : " s"}`));
    return h("article", { class: "st" }, h("h3", {}, run.title), seen.length ? "" : h("p", { class: "muted" }, "None yet: let time pass, by play or by an event."), h("div", { class: "st-wrap", tabindex: 0, role: "region", "aria-label": `${run.title}: messages` }, svg));
  }
}
function arrow(one, x, y) {
  const [caller, callee] = one.link.split("->"), isUp = one.way === "upstream";
  const [from, to] = isUp ? [caller, callee] : [callee, caller];
  const [x1, y1, x2, y2] = [x(one.sent_s), y[from], x(one.arrives_s), y[to]];
  const kind = one.event === "data" ? (isUp ? "ask" : "reply") : one.event, length = Math.hypot(x2 - x1, y2 - y1) || 1, [dx, dy] = [(x2 - x1) / length, (y2 - y1) / length];
  const head = `M${(x2 - dx * 9 - dy * 4).toFixed(1)},${(y2 - dy * 9 + dx * 4).toFixed(1)}L${x2.toFixed(1)},${y2.toFixed(1)}L${(x2 - dx * 9 + dy * 4).toFixed(1)},${(y2 - dy * 9 - dx * 4).toFixed(1)}`;
  return s("path", { class: `msg ${kind}`, d: `M${x1.toFixed(1)},${y1.toFixed(1)}L${x2.toFixed(1)},${y2.toFixed(1)}${head}` }, s("title", {}, `${from} to ${to}: ${kind}, ${many(one.size_bytes)} bytes, ${one.sent_s.toFixed(4)} s`));
}
