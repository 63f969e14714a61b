// The lesson beside the run: a question with its choices before any answer, the text, and what to break further.
import { $, h, many } from "./dom.mjs";
import { Phones } from "./phones.mjs";

export class Lesson {
  constructor(page, { vote, reader, tries, phones }) { Object.assign(this, { page, vote, reader, tries, phones: new Phones(page, phones), lesson: null, lab: "" }); }
  async load(run) {
    const { lab } = run.opened;
    if (lab === this.lab) return;
    this.lab = lab;
    await this.phones.forget(); // they were asked about another lab
    this.lesson = (await run.send({ do: "lesson", lab })).lesson ?? null;
    Object.assign(this, { counts: (this.lesson?.choices ?? []).map(() => 0), own: null, isClosed: false, isClass: false });
    this.draw();
  }
  draw() {
    const { lesson } = this;
    this.vote.hidden = this.tries.hidden = $("read").hidden = !lesson;
    this.reader.hidden ||= !lesson;
    if (!lesson) return this.reader.replaceChildren();
    this.drawVote();
    this.reader.replaceChildren(h("header", {}, h("h2", { tabindex: -1 }, "Lesson"), h("button", { class: "undo", onclick: () => this.read() }, "close")), rendered(lesson.before), this.isClosed ? rendered(lesson.answer) : h("p", { class: "muted" }, "What was seen, and why, is shown once you have answered: ", h("button", { onclick: () => this.toggle() }, "close the vote", h("kbd", {}, "V"))));
    this.tries.replaceChildren(h("h2", {}, "Break it further"), this.isClosed ? h("div", { class: "tries" }, lesson.tries.map((one) => h("button", { onclick: () => this.page.again.compare(one) }, one.said))) : h("p", { class: "muted" }, "The lesson's own experiments, once the vote is closed."));
    this.tries.hidden = !lesson.tries.length;
  }
  drawVote() {
    const { lesson, isClosed, phones } = this, counts = this.counts.map((hands, at) => hands + (phones.counts[at] ?? 0)), isAlone = !this.isClass && !phones.voted;
    const total = counts.reduce((a, b) => a + b, 0) + (this.own === null || !isAlone ? 0 : 1), count = (at) => counts[at] + (isAlone && this.own === at ? 1 : 0);
    const head = h("h2", {}, isClosed ? "You said" : "Predict", h("small", {}, lesson.choices.length ? `${many(total)} answered` : ""));
    const close = h("button", { class: "small", onclick: () => this.toggle() }, isClosed ? "open again" : "close the vote", h("kbd", {}, "V"));
    if (!lesson.choices.length) return this.vote.replaceChildren(head, h("div", { class: "question" }, rendered(lesson.question)), h("p", { class: "row" }, close));
    const choices = isClosed
      ? h("ol", { class: "choices" }, lesson.choices.map((one, at) => { const bar = h("i", { "aria-hidden": "true" }); bar.style.width = total ? `${(100 * count(at)) / total}%` : "0"; return h("li", { class: this.own === at ? "own" : "" }, h("span", {}, this.own === at ? "●" : ""), rendered(one, "span"), h("span", { class: "tally" }, many(count(at))), bar); }))
      : h("div", { class: "choices", role: "radiogroup", "aria-label": "Your answer" }, lesson.choices.map((one, at) => h("label", {}, h("input", { type: "radio", name: "choice", checked: this.own === at, onchange: () => { this.own = at; this.drawVote(); this.vote.querySelectorAll("input[type=radio]")[at].focus(); } }), rendered(one, "span"), this.isClass ? h("input", { type: "number", class: "hands-up", min: 0, value: this.counts[at], "aria-label": `Hands for answer ${at + 1}`, onchange: (event) => { this.counts[at] = Math.max(0, Number(event.target.value) || 0); this.drawVote(); } }) : "")));
    const group = isClosed ? "" : h("label", { class: "muted" }, h("input", { type: "checkbox", checked: this.isClass, onchange: (event) => { this.isClass = event.target.checked; this.drawVote(); } }), " count hands");
    const byPhone = isClosed || !phones.can ? "" : h("button", { class: "small", onclick: () => this.letPhones() }, phones.isOpen ? "no more phones" : "let phones vote", h("kbd", {}, "G"));
    this.vote.replaceChildren(head, h("div", { class: "question" }, rendered(lesson.question)), choices, h("p", { class: "row" }, close, byPhone, group));
  }
  toggle() {
    if (!this.lesson) return;
    this.isClosed = !this.isClosed;
    if (this.isClosed) this.phones.close();
    this.draw();
  }
  // A page for the phones of this network, with the question and its choices as text; only when somebody asks for it.
  letPhones() {
    const { lesson, phones } = this;
    if (!phones.can) return this.page.said("Phones can vote where ./lab play serves this page.");
    if ( !lesson?.choices.length || this.isClosed) return this.page.said("There is no vote here that phones could join.");
    return phones.isOpen ? phones.close() : phones.open(plain(lesson.question), lesson.choices.map(plain));
  }
  // Drawn anew, with the focus where it was.
  heard(told) {
    this.phones.heard(told);
    if (!this.lesson) return;
    const all = () => [...this.vote.querySelectorAll("button,input")], at = all().indexOf(document.activeElement);
    this.drawVote();
    if (at >= 0) all()[at]?.focus();
  }
  read() { this.reader.hidden = !this.reader.hidden; if (!this.reader.hidden) this.reader.querySelector("h2")?.focus(); this.page.fit(); }
}
// HTML of the engine's renderer, which escapes HTML; links lead away from here in a tab of their own, or nowhere.
function rendered(html, name = "div") {
  const parsed = new DOMParser().parseFromString(html, "text/html"), made = h(name, { class: "prose" });
  for (const bad of parsed.querySelectorAll("script,style,iframe,object,embed,form,img,link,meta,base")) bad.remove();
  for (const one of parsed.body.querySelectorAll("*")) for (const { name: key } of [...one.attributes]) if (!["href", "tabindex", "start", "scope", "class", "id"].includes(key)) one.removeAttribute(key);
  for (const one of parsed.body.querySelectorAll("a")) {
    if (!/^https?:\/\//i.test(one.getAttribute("href") ?? "")) { one.removeAttribute("href"); continue; }
    Object.assign(one, { rel: "noopener noreferrer", target: "_blank" });
  }
  for (const scroller of parsed.body.querySelectorAll("[tabindex]")) { scroller.setAttribute("role", "region"); scroller.setAttribute("aria-label", `Part ${++part}, wide`); }
  made.append(...parsed.body.childNodes);
  return made;
}
const plain = (html) => rendered(html).textContent.replaceAll(/\s+/g, " ").trim();
let part = 0;
