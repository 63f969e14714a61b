// Draws one variant's hosts, links and piles. Its parts are made once and then only changed, so that focus stays where it is.
import { s, text, attr, many, plural, place, spoken, seconds, value, named } from "./dom.mjs";
import { layout } from "./layout.mjs";
import { isDeep, worst } from "./words.mjs";

const STATES = { running: "running", paused: "❄ frozen", down: "✕ down", starting: "starting", stopping: "stopping", absent: "no container" };
const DOT = 7.6, UNITS = [1, 10, 100, 1000, 10000];
const STROKES = { 1: 34, 2: 18, 3: 14, 4: 12 };

export class Topology {
  constructor(svg, opened, pick, downwards) {
    Object.assign(this, { svg, opened, links: {}, hosts: {}, plan: layout(opened, downwards) });
    const { width, height, places, links, tall, small } = this.plan;
    this.widest = STROKES[Math.min(tall, 4)];
    attr(svg, "viewBox", `0 0 ${width} ${height}`);
    svg.setAttribute("class", `topo${small ? " small" : ""}${tall > 1 ? " many" : ""}`);
    svg.replaceChildren();
    for (const link of Object.values(links)) svg.append(...this.makeLink(link, pick));
    svg.append((this.client = s("text", { class: "name", x: places.client.x, y: places.client.y + 17 }, "clients")));
    if (tall > 1) svg.append((this.totals = s("text", { class: "q", x: 0, y: places.client.y + 37 })));
    for (const host of opened.hosts) svg.append(...this.makeHost(host.name, places[host.name], pick));
    if (tall === 1) svg.append((this.big = s("text", { class: "big", "text-anchor": "end" })), (this.bigLine = s("text", { "text-anchor": "end" })), (this.bigGone = s("text", { class: "bad", "text-anchor": "end" })));
  }
  capacity(box) { return Math.max(1, Math.floor(box.w / DOT)) * Math.max(1, Math.floor((this.plan.downwards ? 23 : this.plan.gap) / DOT) - (this.plan.tall > 1 ? 1 : 0)); }
  // The least that a dot may stand for, so that a pile of so many fits.
  unit(peak) {
    const least = Math.min(...Object.values(this.hosts).map((host) => this.capacity(host.box)));
    return UNITS.find((unit) => peak / unit <= least) ?? UNITS.at(-1);
  }

  words(name) { return (this.hosts[name] ?? this.links[name])?.group.getAttribute("aria-label") ?? ""; }
  makeLink(link, pick) {
    const room = Math.max(link.length, 1), path = chevrons(room);
    const group = s("g", { class: "link", tabindex: 0, role: "button", "data-place": link.name, onclick: () => pick("link", link.name), onkeydown: (event) => enter(event, () => pick("link", link.name)) });
    const turned = s("g", { transform: `translate(${link.x.toFixed(1)} ${link.y.toFixed(1)}) rotate(${link.angle.toFixed(2)})` });
    const made = { group, link, hit: s("rect", { class: "hit", x: 0, y: -14, width: room, height: 28 }), flow: s("rect", { class: "flow", x: 0, width: room }), chevrons: s("path", { class: "chev", d: path }), good: s("rect", { class: "back ok", x: 0, width: room }), bad: s("rect", { class: "back no", x: 0, width: room }), none: s("path", { class: "back none", d: `M0,6H${room}` }), cut: s("path", { class: "cutmark", d: `M${room / 2 - 7},-9l14,18M${room / 2 + 7},-9l-14,18` }) };
    made.moves = s("g", { class: "moves" }, made.chevrons);
    turned.append(made.hit, made.flow, made.moves, made.good, made.bad, made.none, made.cut);
    const words = s("g", { class: "words", "aria-hidden": "true" }); // a button's name says all that stands on it
    group.append(turned);
    if (this.plan.tall === 1) {
      const at = this.plan.downwards ? { x: 104, y: link.y + 20, "text-anchor": "start" } : { x: link.mid.x, "text-anchor": "middle" };
      made.asked = s("text", { class: "ask", ...at });
      made.answered = s("text", { ...at, y: this.plan.downwards ? link.y + 38 : this.plan.height - 8 });
      words.append(made.asked, made.answered);
    }
    made.broken = s("text", { class: "fz", "text-anchor": "middle", x: link.mid.x, y: link.mid.y - 16 });
    words.append(made.broken);
    this.links[link.name] = made;
    return [group, words];
  }
  makeHost(name, box, pick) {
    const group = s("g", { class: "host", tabindex: 0, role: "button", "data-place": name, onclick: () => pick("host", name), onkeydown: (event) => enter(event, () => pick("host", name)) });
    const lines = box.h > 56 ? [44, 61] : [box.h - 11];
    const made = { group, box, gone: s("path", { class: "dot gone" }), live: s("path", { class: "dot" }), rect: s("rect", { class: "box", x: box.x, y: box.y, width: box.w, height: box.h, rx: 6 }), one: s("text", { class: "q", x: box.x + 10, y: box.y + lines[0] - (box.h < 70 && lines[1] ? 5 : 0) }), two: lines[1] ? s("text", { class: "q", x: box.x + 10, y: box.y + lines[1] - (box.h < 70 ? 8 : 0) }) : null };
    const words = s("g", { class: "words", "aria-hidden": "true" });
    group.append(made.rect);
    words.append(s("text", { class: "name", x: box.x + 10, y: box.y + (box.h < 70 ? 21 : 25) }, name), made.one);
    if (made.two) words.append(made.two);
    words.append(made.gone, made.live);
    this.hosts[name] = made;
    return [group, words];
  }

  // `scale` is shared by all variants: {fastest: calls a second of the widest band, unit: calls a dot}.
  paint(run, picked, scale, back) {
    const look = run.shown;
    for (const link of look.links) this.paintLink(link, look, picked, scale);
    look.hosts.forEach((host) => this.paintHost(host, look, picked, scale, back, run));
    if (this.totals) text(this.totals, `${many(look.links.filter((link) => this.links[link.name]?.link.fromClient).reduce((sum, link) => sum + link.last.started, 0))}/s`);
    if (this.big) this.paintBig(look, scale);
  }
  paintLink(link, look, picked, scale) {
    const made = this.links[link.name];
    if (!made) return;
    const { last } = link, width = (calls) => (calls ? Math.max(1.5, (calls / scale.fastest) * this.widest) : 0);
    const failed = last.failed + last.late + (made.link.fromClient ? last.given_up : 0), back = last.good + failed;
    const flow = width(last.started), good = width(last.good), bad = width(failed);
    attr(made.flow, "y", (-3 - flow).toFixed(1)); attr(made.flow, "height", flow.toFixed(1));
    attr(made.bad, "y", 3); attr(made.bad, "height", bad.toFixed(1));
    attr(made.good, "y", (3 + bad).toFixed(1)); attr(made.good, "height", good.toFixed(1));
    attr(made.moves, "class", `moves${last.started > scale.fastest / 2 ? " fast" : ""}${flow < 4 ? " hidden" : ""}`);
    attr(made.chevrons, "transform", `translate(0 ${(-3 - flow / 2).toFixed(1)})`);
    const isCut = !link.up || link.connects !== "accepted", struck = look.faults.filter((fault) => fault.state !== "gone" && fault.target === link.name);
    attr(made.none, "class", `back none${last.started && !back ? "" : " hidden"}`);
    attr(made.cut, "class", `cutmark${isCut || (link.toxics.length && this.plan.tall > 1) ? "" : " hidden"}`);
    attr(made.group, "class", `link${picked === link.name ? " picked" : ""}${isCut || link.toxics.length ? " struck" : ""}`);
    const hit = isCut ? (link.up ? link.connects : "cut") : link.toxics.length ? (struck[0]?.said.replace(link.name, "").trim() || link.toxics[0].replaceAll("_", " ")) : "";
    text(made.broken, this.plan.tall === 1 ? hit : "");
    const asked = made.link.fromClient ? `${many(last.started)}/s` : `${many(last.started)} calls/s`;
    const answered = answer(last, failed, back, made.link.fromClient);
    if (made.asked) {
      text(made.asked, asked);
      if (!this.plan.downwards) attr(made.asked, "y", (made.link.mid.y - 11 - flow).toFixed(1));
      attr(made.asked, "class", `ask${made.link.fromClient ? "" : " strong"}`);
      text(made.answered, answered);
      attr(made.answered, "class", failed || (last.started && !back) ? "bad" : "good");
    }
    const words = `${spoken(link.name)}: ${asked} asked, ${answered || "nothing asked"}${link.under_way ? `, ${plural(link.under_way, "call")} under way` : ""}${hit ? `, ${hit}` : ""}`;
    attr(made.group, "aria-label", words);
    attr(made.group, "aria-pressed", picked === link.name);
  }
  paintHost(host, look, picked, scale, back, run) {
    const made = this.hosts[host.name];
    const changed = [...Object.entries(host.changed).map(([name, to]) => `${named(name).name} ${value(to)}`), host.cpu !== 1 && `CPU ${value(host.cpu)} × slower`, host.skew_s && `clock ${host.skew_s > 0 ? "+" : ""}${value(host.skew_s)} s`, host.disk_full && "disk full"].filter(Boolean);
    const state = STATES[host.state] ?? host.state, isHurt = !["running", "absent"].includes(host.state);
    attr(made.rect, "class", `box ${host.state === "paused" ? "frozen" : host.state === "down" ? "down" : ""}${changed.length ? " changed" : ""}${picked === host.name ? " picked" : ""}`);
    const fault = look.faults.find((one) => one.state !== "gone" && one.target === host.name);
    const since = host.state === "absent" ? "" : fault ? `for ${seconds(Math.max(0, look.at_s - fault.start_s))}` : back[host.name] !== undefined ? `back for ${seconds(look.at_s - back[host.name])}` : "";
    const held = host.in_hand == null || isHurt ? "" : `${many(host.in_hand)} under way`;
    const first = changed.length && !isHurt ? changed[0] : state, second = isHurt ? since : (this.plan.tall === 1 && host.gone < 5 ? held || since : since || held);
    text(made.one, made.two ? first : isHurt ? `${state} ${since}` : changed[0] ?? (host.waiting ? `${many(host.waiting)} ${host.gone == null ? "in hand" : "wait"}` : state));
    attr(made.one, "class", isHurt ? (host.state === "down" ? "bad" : "fz") : changed.length ? "chg" : "q");
    if (made.two) text(made.two, second);
    this.paintDots(made, host, scale.unit, look);
    const words = [host.name, state.replace(/^\W+ /, ""), since, changed.join(", "), host.waiting ? `${plural(host.waiting, "call")} there${host.gone == null ? "" : `, ${many(host.gone)} callers gone`}` : ""].filter(Boolean).join(", ");
    attr(made.group, "aria-label", words);
    attr(made.group, "aria-pressed", picked === host.name);
  }
  // Those whose callers have gone are the oldest, and lie at the bottom.
  paintDots(made, host, unit, look) {
    const { box } = made, shown = isDeep(look, host) && (host.waiting > 5 || host.gone > 0), columns = Math.floor((box.w - 4) / DOT);
    const gone = shown ? Math.round(host.gone / unit) : 0, live = shown ? Math.round((host.waiting - host.gone) / unit) : 0;
    const side = this.plan.downwards && this.plan.tall === 1;
    const spot = (at) => side ? [box.x + box.w + 12 + (at % 22) * DOT, box.y + box.h - 6 - Math.floor(at / 22) * DOT] : [box.x + 5.8 + (at % columns) * DOT, box.y - 5.8 - Math.floor(at / columns) * DOT];
    const ring = (at, r) => { const [x, y] = spot(at); return `M${(x - r).toFixed(1)},${y.toFixed(1)}a${r},${r} 0 1,0 ${2 * r},0a${r},${r} 0 1,0 ${-2 * r},0`; };
    attr(made.gone, "d", Array.from({ length: gone }, (_, at) => ring(at, 2.6)).join(""));
    attr(made.live, "d", Array.from({ length: live }, (_, at) => ring(gone + at, 3)).join(""));
  }
  // The number beside the largest pile, and how long its work would take.
  paintBig(look) {
    const host = worst(look), isShown = host && (host.gone > 0 || host.waiting > 20);
    for (const part of [this.big, this.bigLine, this.bigGone]) attr(part, "visibility", isShown ? "visible" : "hidden");
    if (!isShown) return;
    const { box } = this.hosts[host.name], rate = look.links.filter((link) => link.name.endsWith(`->${host.name}`)).reduce((sum, link) => sum + link.last.good + link.last.failed + link.last.late, 0);
    const at = this.plan.downwards ? { x: 104, y: box.y - 66, "text-anchor": "start" } : { x: box.x - 12, y: 72 };
    [[this.big, 0], [this.bigLine, 19], [this.bigGone, 37]].forEach(([part, off]) => { attr(part, "x", at.x); attr(part, "y", at.y + off); if (at["text-anchor"]) attr(part, "text-anchor", "start"); });
    text(this.big, many(host.waiting));
    text(this.bigLine, host.state === "paused" ? "sent, not read" : rate ? `calls wait: ${(host.waiting / rate).toFixed(1)} s of work` : "calls wait");
    text(this.bigGone, host.gone ? `${plural(host.gone, "caller has", "callers have")} gone` : host.gone === 0 ? "all callers still wait" : "");
    attr(this.bigGone, "class", host.gone ? "bad" : "q");
  }
}

function answer(last, failed, back, fromClient) {
  if (!last.started && !back) return "";
  if (!back) return "no answers";
  if (fromClient) return [failed && `${many(failed)} errors/s`, last.good && `${many(last.good)} good/s`].filter(Boolean).join(", ");
  const late = last.late === back ? ", all too late" : last.late ? `, ${many(last.late)} too late` : "";
  return `${many(back)} answers/s${late || (last.failed ? `, ${plural(last.failed, "error")}` : ", in time")}`;
}
function chevrons(room) {
  let path = "";
  for (let x = 9; x < room - 14; x += 16) path += `M${x},-4l5,4l-5,4`;
  return path;
}
export function enter(event, act) {
  if (event.key === "Enter" || event.key === " ") { event.preventDefault(); event.stopPropagation(); act(); }
}
