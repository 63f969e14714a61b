// One axis of time for all curves: what was done, what was answered, what waits, how long it took, the lab's own plots.
import { h, s, text, attr, many, ms, seconds, place } from "./dom.mjs";
import { actWords, isDeep, windows } from "./words.mjs";

const LEAST_S = 25, POINTS = 500, LOG_LOW_MS = 10, CURVES = ["n", "b", "r", "g"];
const STEPS = [1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];
export function nice(most) {
  const ten = 10 ** Math.floor(Math.log10(Math.max(most, 1e-9)));
  return STEPS.find((step) => step * ten >= most) * ten;
}
const thinned = (rows) => (rows.length <= POINTS ? rows : rows.filter((_, at) => at % Math.ceil(rows.length / POINTS) === 0 || at === rows.length - 1));

export class Lanes {
  constructor(root, page) {
    Object.assign(this, { root, page, lanes: [], built: "" });
    new ResizeObserver(() => { this.width = 0; this.paint(); }).observe(root);
  }
  get runs() { return this.page.runs; }
  until() {
    const most = Math.max(...this.runs.flatMap((run) => [run.look?.at_s ?? 0, ...run.ghosts.map((ghost) => ghost.at(-1).at_s)]), this.preview ?? 0, this.page.clock.at_s);
    if (most <= LEAST_S * 0.96) return LEAST_S;
    const step = most < 60 ? 5 : most < 200 ? 20 : 60;
    return Math.ceil((most * 1.08) / step) * step;
  }

  // The lanes that there are: one of answers for each variant, those that compare them, and the lab's own.
  plan() {
    const { runs } = this;
    const lanes = runs.map((run, at) => ({ key: `answers ${at}`, title: run.title, sub: "answers/s", draw: (plot) => this.answers(plot, run), now: () => this.answersNow(run), heads: ["good/s", "failed/s"], row: (row) => [row.good, row.failed], of: [run] }));
    const peaks = runs[0].opened.hosts.map((host, at) => Math.max(...runs.map((run) => (run.gone[at] ?? 0) * 1000 + (isDeep(run.look, host) ? run.peaks[at] ?? 0 : 0)))), host = peaks.indexOf(Math.max(...peaks));
    const waits = (row) => row.waiting[host];
    lanes.push({ key: `waiting ${host}`, title: this.page.can("waiting") ? "waiting" : "in hand", sub: `at ${runs[0].opened.hosts[host].name}`, draw: (plot) => this.curves(plot, runs.map((run) => [run, waits, 2.2]), nice(Math.max(10, ...runs.map((run) => run.peaks[host] ?? 0))), { label: many }), now: () => this.compared((run) => [many(run.shown.hosts[host].waiting)]), heads: runs.map((run) => `${run.title} calls`), row: waits, of: runs });
    const slowest = Math.max(...runs.map((run) => run.slowest)), top = nice(Math.max(100, slowest));
    lanes.push({ key: "time", title: "time to answer", sub: "p50, thin p99", draw: (plot) => this.curves(plot, runs.flatMap((run) => [[run, (row) => row.p99_ms, 1], [run, (row) => row.p50_ms, 2.2]]), top, { label: ms, log: true }), now: () => this.compared((run) => [ms(run.shown.load.ended_p50_ms), ms(run.shown.load.ended_p99_ms)]), heads: runs.map((run) => `${run.title} p50 ms`), row: (row) => row.p50_ms, of: runs });
    for (const at of runs[0].series.keys()) lanes.push(...this.own(at));
    return lanes;
  }
  own(at) {
    const plot = this.runs[0].series[at], isOne = Object.keys(plot.curves).length <= 1;
    const groups = isOne ? [this.runs] : this.runs.map((run) => [run]);
    const names = Object.keys(plot.curves);
    return groups.map((runs, group) => ({
      key: `own ${at} ${group} ${names}`, title: isOne ? plot.title : runs[0].title, sub: isOne ? plot.unit : plot.title, isOwn: true,
      draw: (canvas) => this.series(canvas, isOne ? runs.map((run) => [run.title, Object.values(run.series[at]?.curves ?? {})[0] ?? []]) : Object.entries(runs[0].series[at]?.curves ?? {})),
      now: () => (isOne ? this.compared((run) => [last(Object.values(run.series[at]?.curves ?? {})[0])]) : Object.entries(runs[0].series[at]?.curves ?? {}).map(([name, values], line) => h("span", { class: `line ${CURVES[line % 4]}` }, h("i", {}), `${name} `, h("b", {}, last(values))))),
      heads: isOne ? runs.map((run) => run.title) : names, second: (second) => (isOne ? runs.map((run) => Object.values(run.series[at]?.curves ?? {})[0]?.[second]) : names.map((name) => runs[0].series[at]?.curves[name]?.[second])), of: runs,
    }));
  }
  build() {
    const plan = this.plan(), key = JSON.stringify(plan.map((lane) => [lane.key, lane.title]));
    if (key !== this.built) {
      this.built = key;
      const open = new Set(this.lanes.filter((lane) => lane.table && !lane.table.hidden).map((lane) => lane.title + lane.sub));
      this.marks = h("div", { class: "plot" });
      this.axis = h("div", { class: "plot" });
      this.scrub ??= this.makeScrub();
      this.scrub.hidden = !this.page.can("rewind");
      this.lanes = plan.map((lane) => this.makeLane(lane, open.has(lane.title + lane.sub)));
      this.root.replaceChildren(h("div", { class: "lane marks" }, h("div", { class: "what muted" }, "done so far"), this.marks, h("div", { class: "at" })), ...this.lanes.flatMap((lane) => [lane.element, lane.table]), h("div", { class: "lane axis" }, h("div", { class: "what" }), h("div", { class: "plot rail" }, this.scrub, this.axis), h("div", { class: "at" })), h("div", { class: "needle", "aria-hidden": "true" }, (this.needle = h("i"))));
      this.width = 0;
    } else plan.forEach((lane, at) => Object.assign(this.lanes[at], lane));
  }
  makeLane(lane, isOpen) {
    const table = h("div", { class: "table", hidden: !isOpen, tabindex: 0, role: "region", "aria-label": `${lane.title}, ${lane.sub}, as a table` });
    const button = h("button", { class: "link", "aria-expanded": isOpen, "aria-label": `${lane.title}, ${lane.sub}: table`, onclick: () => { table.hidden = !table.hidden; attr(button, "aria-expanded", !table.hidden); this.paint(); } }, "table");
    const svg = s("svg", { "aria-hidden": "true" }), cap = h("span", { class: "cap" });
    const plot = h("div", { class: "plot" }, svg, cap);
    plot.addEventListener("pointerdown", (event) => this.drag(event, plot));
    const at = h("div", { class: "at" });
    const element = h("div", { class: `lane${lane.isOwn ? " own" : ""}${lane.key === "time" ? " slow" : ""}` }, h("div", { class: "what" }, h("b", {}, lane.title), h("span", {}, `${lane.sub} `), button), plot, at);
    return { ...lane, element, table, svg, cap, plot, at };
  }
  makeScrub() {
    const scrub = h("input", { type: "range", class: "scrub", min: 0, step: 0.1, value: 0, "aria-label": "Time line, seconds" });
    scrub.oninput = () => this.page.preview(Number(scrub.value));
    scrub.onchange = () => this.page.settle(Number(scrub.value));
    return scrub;
  }
  drag(event, plot) {
    if (event.button) return;
    const box = plot.getBoundingClientRect(), at = (move) => Math.max(0, Math.min(this.end, Math.round(((move.clientX - box.left) / box.width) * this.end * 10) / 10));
    plot.setPointerCapture(event.pointerId);
    this.page.preview(at(event));
    plot.onpointermove = (move) => this.page.preview(at(move));
    plot.onpointerup = (up) => { plot.onpointermove = plot.onpointerup = null; this.page.settle(at(up)); };
  }
  tables(open) { for (const lane of this.lanes) { lane.table.hidden = !open; attr(lane.element.querySelector("button"), "aria-expanded", open); } this.paint(); }

  paint() {
    if (!this.runs.length || this.runs.some((run) => !run.look)) return;
    this.build();
    this.width ||= this.axis.clientWidth;
    if (!this.width) return;
    this.end = this.until();
    const now = this.preview ?? this.page.clock.at_s;
    for (const lane of this.lanes) {
      const height = lane.plot.clientHeight;
      attr(lane.svg, "viewBox", `0 0 ${this.width} ${height}`);
      const content = lane.draw({ width: this.width, height, cap: lane.cap });
      const shade = this.windows(windowsOf(lane.of, this.page.clock.at_s), height);
      lane.svg.replaceChildren(...shade, ...this.unrun(height), ...content);
      lane.at.replaceChildren(...lane.now());
      if (!lane.table.hidden) this.table(lane);
    }
    this.paintAxis(now);
    this.paintMarks();
  }
  x(at_s) { return (at_s / this.end) * this.width; }
  // One wash over all that overlap, and each one's edges.
  windows(some, height) {
    const now = this.page.clock.at_s, washes = [];
    for (const { start_s, end_s = now } of some.sort((a, b) => a.start_s - b.start_s)) {
      const last = washes.at(-1);
      if (last && start_s <= last.end_s) last.end_s = Math.max(last.end_s, end_s);
      else washes.push({ start_s, end_s });
    }
    const edges = some.map((one) => `M${this.x(one.start_s)},0V${height}${one.end_s === undefined ? "" : `M${this.x(one.end_s)},0V${height}`}`).join("");
    return [s("g", { class: "window" }, ...washes.map((one) => s("rect", { x: this.x(one.start_s), y: 0, width: Math.max(1, this.x(one.end_s) - this.x(one.start_s)), height })), s("path", { d: edges }))];
  }
  unrun(height) {
    const from = this.x(this.page.clock.at_s), lines = [];
    for (let x = from + this.width / 40; x < this.width; x += this.width / 40) lines.push(`M${x.toFixed(1)},0V${height}`);
    return [s("path", { class: "unrun", d: lines.join("") })];
  }
  answers({ width, height, cap }, run) {
    const top = nice(Math.max(run.opened.rate_rps * 1.9, ...this.runs.map((one) => one.busiest))), y = (v) => (height - (v / top) * (height - 4)).toFixed(1), x = (row) => this.x(row.at_s).toFixed(1);
    text(cap, many(top));
    const rows = thinned(run.rows), out = [];
    if (rows.length > 1) {
      const base = `M${x(rows[0])},${height}`, end = `V${height}Z`;
      out.push(s("path", { class: "fill bad", d: `${base}${rows.map((row) => `L${x(row)},${y(row.good + row.failed)}`).join("")}${end}` }));
      out.push(s("path", { class: "fill good", d: `${base}${rows.map((row) => `L${x(row)},${y(row.good)}`).join("")}${end}` }));
    }
    for (const ghost of run.ghosts) out.push(...this.ghost(thinned(ghost).map((row) => [this.x(row.at_s), y(row.good)]), width, false));
    return out;
  }
  answersNow(run) {
    const { load } = run.shown, failed = Object.values(load.failed).reduce((a, b) => a + b, 0);
    return [h("b", { class: load.good ? "good" : "" }, many(load.good)), h("span", { class: load.good ? "good" : "" }, " good, "), h("span", { class: failed ? "bad" : "" }, h("b", {}, many(failed)), " failed")];
  }
  compared(of) {
    return this.runs.flatMap((run, at) => { const [first, second] = of(run); return [at ? h("br") : "", `${run.title} `, h("b", { class: this.runs.length > 1 ? CURVES[at] : "" }, first), second ? ` · ${second}` : ""]; });
  }
  curves({ width, height, cap }, lines, top, { label, log = false }) {
    text(cap, label(top));
    const y = (v) => (log ? height - 2 - (Math.log(Math.max(v, LOG_LOW_MS) / LOG_LOW_MS) / Math.log(top / LOG_LOW_MS)) * (height - 6) : height - 2 - (v / top) * (height - 6));
    const out = [], spots = [];
    for (const [run, of, thick] of lines) {
      if (thick > 2) for (const ghost of run.ghosts) out.push(...this.ghost(thinned(ghost).filter((row) => of(row) != null).map((row) => [this.x(row.at_s), y(Math.min(top, of(row))).toFixed(1)]), width, !log && run === this.runs[0]));
      const kind = this.runs.length > 1 ? CURVES[this.runs.indexOf(run)] : "b", rows = thinned(run.rows);
      out.push(s("path", { class: `curve ${kind}${thick < 2 ? " thin" : ""}`, d: line(rows.map((row) => [this.x(row.at_s), of(row) == null ? null : y(Math.min(top, of(row)))])) }));
      if (!log && this.runs.length > 1 && rows.length > 30) { const row = rows[Math.floor(rows.length * 0.86)]; if (of(row) != null && of(row) > top / 8) spots.push({ x: this.x(row.at_s), y: y(Math.min(top, of(row))), kind, text: run.title }); }
    }
    spots.sort((a, b) => a.y - b.y).forEach((spot, at) => { const below = at && Math.abs(spot.y - spots[0].y) < 26; out.push(s("text", { class: `tag ${spot.kind}`, x: spot.x, y: Math.max(11, Math.min(height - 5, spot.y + (below ? 15 : -5))), "text-anchor": "end" }, spot.text)); });
    return out;
  }
  series({ height, cap }, lines) {
    const top = nice(Math.max(1, ...lines.flatMap(([, values]) => values.filter((v) => v != null)))), y = (v) => height - 2 - (v / top) * (height - 6);
    text(cap, many(top));
    return lines.map(([, values], at) => s("path", { class: `curve ${lines.length > 1 || this.runs.length > 1 ? CURVES[at % 4] : "b"}`, d: line(values.map((v, second) => [this.x(second + 0.5), v == null ? null : y(v)])) }));
  }
  // The future that was seen before somebody went back: dotted, and named at its end.
  ghost(points, width, isNamed) {
    if (points.length < 2) return [];
    const [x, y] = points.at(-1);
    return [s("path", { class: "curve ghost", d: line(points) }), isNamed ? s("text", { class: "tag g", x: Math.min(x + 4, width - 4), y: Math.max(11, Number(y) - 4), "text-anchor": x + 70 > width ? "end" : "start" }, "as it was") : ""];
  }
  paintAxis(now) {
    attr(this.scrub, "max", this.end);
    if (this.preview === undefined) this.scrub.value = now;
    this.scrub.style.setProperty("--p", `${(100 * now) / this.end}%`);
    attr(this.scrub, "aria-valuetext", seconds(now));
    this.needle.style.left = `${(100 * now) / this.end}%`;
    const step = [1, 2, 5, 10, 20, 30, 60, 120, 300].find((one) => this.end / one <= (this.width < 420 ? 5 : 8)) ?? 600, labels = [];
    for (let at = 0; at <= this.end + 1e-9; at += step) labels.push(at);
    const key = `${this.end} ${step}`;
    if (this.axisKey === key && this.axis.childElementCount) return;
    this.axisKey = key;
    this.axis.replaceChildren(...labels.map((at, index) => { const label = h("span", { class: index === labels.length - 1 && at > this.end * 0.97 ? "end" : "" }, index === 0 || at > this.end * 0.97 ? `${at} s` : String(Math.round(at * 100) / 100)); label.style.left = `${(100 * at) / this.end}%`; return label; }));
  }
  paintMarks() {
    const marks = this.page.marks(), key = JSON.stringify([marks.map((mark) => [mark.at_s, mark.text]), this.end, this.width]);
    if (key === this.markKey && this.marks.isConnected && this.marks.childElementCount === marks.length) return;
    this.markKey = key;
    this.marks.replaceChildren(...marks.map((mark, at) => {
      const room = this.x(marks[at + 1]?.at_s ?? this.end) - this.x(mark.at_s), isShort = room < 14 + 7.2 * (mark.text.length + 2);
      const shown = isShort ? mark.sign || "•" : `${mark.sign} ${mark.text}`.trim();
      const canGo = this.page.can("rewind"), words = `${mark.text} at ${seconds(mark.at_s)}`, go = { "aria-label": `${shown} (${words}: go there)`, onclick: () => this.page.settle(mark.at_s) };
      const pin = h(canGo ? "button" : "span", { class: `markpin ${mark.kind}`, title: `${mark.text}, ${seconds(mark.at_s)}`, ...(canGo ? go : {}) }, shown);
      pin.style.left = `${(100 * mark.at_s) / this.end}%`;
      return pin;
    }));
  }
  table(lane) {
    const most = Math.floor(this.page.clock.at_s), key = `${most} ${lane.key}`;
    if (lane.table.dataset.key === key) return;
    lane.table.dataset.key = key;
    const cells = (second) => (lane.second ? lane.second(second) : lane.of.flatMap((run) => { const row = run.rowAt(second); return row ? [lane.row(row)].flat() : [null]; }));
    const rows = [...Array(most + 1).keys()].reverse().slice(0, 120).map((second) => h("tr", {}, h("th", { scope: "row" }, `${second} s`), cells(second).map((v) => h("td", {}, v == null ? "–" : many(v)))));
    lane.table.replaceChildren(h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "second"), lane.heads.map((head) => h("th", { scope: "col" }, head)))), h("tbody", {}, rows)));
  }
}
const last = (values) => (values?.length ? many(values.at(-1)) : "–");
function line(points) {
  let path = "", isOn = false;
  for (const [x, y] of points) {
    if (y == null) { isOn = false; continue; }
    path += `${isOn ? "L" : "M"}${Number(x).toFixed(1)},${Number(y).toFixed(1)}`;
    isOn = true;
  }
  return path;
}
function windowsOf(runs, at_s) {
  const seen = new Map();
  for (const run of runs) for (const one of windows(run, at_s)) seen.set(`${one.start_s} ${one.end_s} ${one.kind ?? one.said}`, one);
  return [...seen.values()];
}

// What was done in all runs, those of one and the same moment and kind once.
export function marksOf(runs, kinds, at_s) {
  const found = new Map();
  for (const run of runs) {
    const done = run.done(at_s);
    done.forEach((act, at) => {
      const [sign, words, kind] = actWords(act, kinds, done.slice(0, at)), key = `${act.at_s} ${words}`;
      const mark = found.get(key) ?? { at_s: act.at_s, sign, words, kind, of: [] };
      mark.of.push(run.title);
      found.set(key, mark);
    });
    for (const one of run.windows) {
      const a = `${one.start_s} ${one.said}`;
      found.set(a, { at_s: one.start_s, sign: "✕", words: place(one.said), kind: "fault", of: runs.map((each) => each.title) });
      if (one.end_s !== undefined) found.set(`${one.end_s} end ${one.said}`, { at_s: one.end_s, sign: "▷", words: "over", kind: "cure", of: runs.map((each) => each.title) });
    }
  }
  return [...found.values()].sort((a, b) => a.at_s - b.at_s).map((mark) => ({ ...mark, text: mark.of.length < runs.length ? `${mark.words} (${mark.of.join(", ")})` : mark.words }));
}
