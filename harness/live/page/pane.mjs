// What is seen of one variant: its name, its score, how it does, its hosts and links.
import { h, text, attr, many, value } from "./dom.mjs";
import { Topology } from "./topology.mjs";
import { cures, failures, verdict } from "./words.mjs";

export class Pane {
  constructor(page, run, at) {
    Object.assign(this, { page, run, at, settings: h("small"), word: h("span", { class: "word" }), count: h("b"), more: h("span", { class: "more" }), svg: document.createElementNS("http://www.w3.org/2000/svg", "svg") });
    this.svg.setAttribute("role", "group");
    this.face = h("div", { class: "face", onclick: () => { page.front = at; page.paint(); } }, h("header", {}, h("h2", {}, this.select()), this.settings, this.word), h("p", { class: "score" }, this.count, " ", h("small", {}, "good answers/s", this.more)));
    this.element = h("article", { class: "variant", "aria-label": run.title }, this.face, this.svg);
  }
  select() {
    const { page, run, at } = this, other = at || page.runs.length > 1 ? ["", "only the other"] : page.can("beside") ? ["+", "two side by side"] : null;
    const select = h("select", { "aria-label": `Variant of the ${at ? "second" : "first"} run`, onchange: () => page.choose(at, select.value) }, run.opened.variants.map((one) => h("option", { value: one.name, selected: one.name === run.variant }, one.name === run.variant ? run.title : one.name)), other && h("option", { value: other[0] }, other[1]));
    return select;
  }
  draw(downwards) { this.topology = new Topology(this.svg, this.run.opened, (_, name) => this.page.hands.pick(name), downwards); }
  paint(scale) {
    const { run } = this, look = run.shown, is = verdict(run), ended = look.load.good + failures(look.load);
    attr(this.element, "class", `variant ${is.tone}${this.at === this.page.front ? " front" : ""}`);
    attr(this.element, "data-verdict", is.tone);
    attr(this.element, "data-digest", run.digest);
    attr(this.element, "data-at", run.at_s);
    text(this.settings, told(run));
    text(this.word, `${is.sign} ${is.word}`);
    text(this.count, is.tone === "unknown" && !ended ? "–" : many(look.load.good));
    text(this.more, `, of ${many(ended)} that ended`);
    attr(this.svg, "aria-label", `${run.title}: ${is.word}, ${many(look.load.good)} good answers a second of ${many(ended)} that ended`);
    const back = {};
    for (const cure of cures(run, look.at_s)) if (run.opened.hosts.some((host) => host.name === cure.what)) back[cure.what] = cure.at_s;
    this.topology.paint(run, this.page.hands.picked, scale, back);
  }
}
// What tells this run from others of its lab: the variant's own settings, those that were given, and those set by hand.
export function told(run) {
  const variant = run.opened.variants.find((one) => one.name === run.variant), given = run.opened.experiment.settings ?? {};
  const said = Object.entries({ ...variant.settings, ...given }).map(([name, to]) => `${name.slice(name.indexOf(".") + 1).replaceAll("_", " ")} ${value(to)}`);
  const byHand = run.look?.settings.length ? [`${run.look.settings.length} by hand`] : [];
  return [...said, ...byHand].join(", ") || "as it is";
}
