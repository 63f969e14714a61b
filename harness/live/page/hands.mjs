// What a person can do: break the picked place, turn what is live, steer the load. All forms are made of what the engine told.
import { h, text, attr, many, place, value, named, seconds } from "./dom.mjs";

export const DURATIONS = [[null, "until healed"], [0.5, "0.5 s"], [3, "3 s"], [10, "10 s"]];
const MOST_CHIPS = 8, MOST_PACE = 4;

export class Hands {
  constructor(page, { breaks, turns }) {
    Object.assign(this, { page, breaks, turns, picked: "", target: "both", for_s: null, values: {}, whys: {} });
  }
  get opened() { return this.page.runs[0].opened; }
  get host() { return this.opened.hosts.find((host) => host.name === this.picked); }
  get targets() { return this.page.runs.length < 2 ? ["both"] : ["both", ...this.page.runs.map((run) => run.title)]; }
  get runs() { return this.target === "both" ? this.page.runs : this.page.runs.filter((run) => run.title === this.target); }
  // The faults that fit the picked place; one between hosts cuts it off from all others.
  get fits() {
    const kinds = this.page.kinds, hosts = this.opened.hosts.length;
    return this.host ? kinds.filter((kind) => kind.on === "host" || (kind.on === "hosts" && hosts > 1)) : kinds.filter((kind) => kind.on === "link");
  }
  open() {
    const places = [...this.opened.hosts, ...this.opened.links].map((one) => one.name);
    if (!places.includes(this.picked)) this.picked = this.busiest();
    if (!this.targets.includes(this.target)) this.target = "both";
    this.whys = {};
    this.build();
  }
  // What the lab's own faults hit, else the last host: where breaking is most worth a try.
  busiest() {
    const own = this.opened.script.map((act) => act.fault?.target ?? act.fault?.one?.[0]).find((name) => this.opened.hosts.some((host) => host.name === name));
    return own ?? this.opened.hosts.at(-1).name;
  }
  pick(name) { this.picked = name; this.whys = {}; this.build(); this.page.paint(); }
  next() { const all = this.targets; this.target = all[(all.indexOf(this.target) + 1) % all.length]; this.build(); this.page.paint(); }
  aim() {
    if (this.targets.length < 2) return "";
    const select = h("select", { class: "aim", "aria-label": "In which run", onchange: () => { this.target = select.value; this.build(); this.page.paint(); } }, this.targets.map((one) => h("option", { value: one, selected: one === this.target }, one === "both" ? "in both" : `in ${one}`)));
    return select;
  }

  build() {
    this.buildBreak();
    this.buildTurn();
    this.paint();
  }
  buildBreak() {
    this.buttons = this.fits.map((kind, at) => this.makeButton(kind, at));
    const forms = this.buttons.filter((button) => button.fields.length);
    this.breaks.replaceChildren(
      h("h2", {}, "Break ", this.aim()), this.places(), (this.about = h("p", { class: "about" })),
      h("div", { class: "faults" }, this.buttons.flatMap((button) => [button.element, button.why])),
      h("div", { class: "segment", role: "radiogroup", "aria-label": "For how long" }, DURATIONS.map(([for_s, words]) => this.radio(words, this.for_s === for_s, () => { this.for_s = for_s; this.buildBreak(); this.paint(); }))),
      h("div", { class: "below" }, forms.length ? h("details", { class: "strengths", open: this.isOpen, ontoggle: (event) => (this.isOpen = event.target.open) }, h("summary", {}, "How much"), forms.map((button) => h("fieldset", {}, h("legend", {}, button.kind.does), button.fields.map((field) => this.field(button, field))))) : "",
      this.opened.script.length ? h("button", { class: "own", onclick: () => this.page.again.own() }, "The lab's own faults") : ""),
    );
  }
  radio(words, isOn, act) {
    return h("button", { role: "radio", "aria-checked": isOn, tabindex: isOn ? 0 : -1, onclick: act, onkeydown: (event) => { const to = { ArrowRight: "nextElementSibling", ArrowDown: "nextElementSibling", ArrowLeft: "previousElementSibling", ArrowUp: "previousElementSibling" }[event.key]; if (!to) return; event.preventDefault(); event.stopPropagation(); const group = event.target.parentElement, other = event.target[to], at = other && [...group.children].indexOf(other); if (!other) return; other.click(); const now = document.querySelector(`[aria-label="${group.getAttribute("aria-label")}"]`); now?.children[at]?.focus(); } }, words);
  }
  places() {
    const names = [...this.opened.hosts, ...this.opened.links].map((one) => one.name);
    if (names.length <= MOST_CHIPS) return h("div", { class: "chips", role: "radiogroup", "aria-label": "Where" }, names.map((name) => this.radio(place(name), name === this.picked, () => this.pick(name))));
    const select = h("select", { class: "where", "aria-label": "Where", onchange: () => this.pick(select.value) }, [["Hosts", this.opened.hosts], ["Links", this.opened.links]].map(([label, some]) => h("optgroup", { label }, some.map((one) => h("option", { value: one.name, selected: one.name === this.picked }, place(one.name))))));
    return select;
  }
  makeButton(kind, at) {
    const fields = kind.fields.filter((field) => field.type !== "names");
    const label = h("span"), element = h("button", { "data-kind": kind.kind, title: kind.about, onclick: () => this.press(at) }, label, at < 9 ? h("kbd", {}, String(at + 1)) : "");
    return { kind, fields, label, element, why: h("p", { class: "why", role: "status", hidden: true }) };
  }
  valueOf(kind, field) { return this.values[`${kind.kind} ${field.name}`] ?? field.default; }
  field({ kind }, field) {
    const now = this.valueOf(kind, field), { name, unit } = named(field.name);
    const input = field.type === "choice" ? h("select", {}, field.choices.map((one) => h("option", { selected: one === now }, one))) : field.type === "bool" ? h("input", { type: "checkbox", checked: now }) : h("input", { type: "number", step: field.type === "int" ? 1 : "any", value: now });
    input.onchange = () => { this.values[`${kind.kind} ${field.name}`] = field.type === "choice" ? input.value : field.type === "bool" ? input.checked : Number(input.value); this.paint(); };
    return h("label", {}, `${name}${unit ? `,${unit}` : ""} `, input);
  }
  fault(kind) {
    const values = Object.fromEntries(kind.fields.filter((field) => field.type !== "names").map((field) => [field.name, this.valueOf(kind, field)]));
    if (kind.on !== "hosts") return { kind: kind.kind, target: this.picked, ...values };
    return { kind: kind.kind, one: [this.picked], other: this.opened.hosts.map((host) => host.name).filter((name) => name !== this.picked), ...values };
  }
  // The numbers of what of a kind is on the picked place, in each run that is meant.
  there(kind) {
    return this.runs.flatMap((run) => {
      const injected = run.done().filter((act) => act.do === "inject");
      return run.faults.filter((fault) => { const made = injected[fault.number - 1]?.fault; return made?.kind === kind.kind && (made.target === this.picked || made.one?.includes(this.picked)); }).map((fault) => ({ run, number: fault.number }));
    });
  }
  async press(at) {
    const button = this.buttons[at];
    if (!button) return;
    const found = this.there(button.kind);
    const whys = found.length ? await this.page.between(() => Promise.all(found.map(({ run, number }) => this.page.heal(run, number)))) : await this.page.inject(this.runs, this.fault(button.kind), this.for_s);
    this.whys[button.kind.kind] = [...new Set(whys.filter(Boolean))].join(" ");
    this.paint();
  }

  buildTurn() {
    const first = this.page.tools.turns.filter((name) => this.setting(name)), own = first.length ? first : this.opened.turns, of = this.host?.settings.map((setting) => `${this.picked}.${setting.name}`) ?? [];
    const shown = own.length > 8 ? own.filter((name) => !this.host || name.startsWith(`${this.picked}.`) || own.indexOf(name) < 3).slice(0, 8) : own;
    const rest = of.filter((name) => !shown.includes(name));
    this.rows = [];
    const rows = shown.map((name) => this.row(name)).filter(Boolean);
    const more = rest.length ? h("details", { open: this.isMore, ontoggle: (event) => { this.isMore = event.target.open; if (this.isMore && !event.target.dataset.filled) { event.target.dataset.filled = 1; event.target.append(...rest.map((name) => this.row(name)).filter(Boolean)); this.paint(); } } }, h("summary", {}, `More of ${this.picked}: ${rest.length}`)) : "";
    this.turns.replaceChildren(h("h2", {}, "Turn ", this.aim()), ...rows, this.page.can("load") ? this.load() : "", more, (this.turnWhy = h("p", { class: "why", role: "status", hidden: true })));
  }
  setting(full) {
    const [host, name] = [full.slice(0, full.indexOf(".")), full.slice(full.indexOf(".") + 1)];
    const setting = placed(this.opened, host)?.settings.find((one) => one.name === name);
    return setting && { host, name, ...setting };
  }
  nowOf(run, { host, name, value: first }) {
    const there = placed(run.opened, host), own = there?.settings.find((one) => one.name === name)?.value ?? first;
    return { now: run.look?.hosts.find((one) => one.name === there?.name)?.changed[name] ?? own, own };
  }
  row(full) {
    const setting = this.setting(full);
    if (!setting) return null;
    const { name, unit } = named(setting.name), id = `turn-${full}`.replaceAll(/[^\w-]/g, "-");
    const turn = (to) => this.turn(full, to, made);
    const made = { full, setting, unit, input: control(setting, id, turn), output: h("output", { for: id }), undo: h("button", { class: "undo", "aria-label": `Undo ${setting.host} ${name}`, hidden: true, onclick: () => this.undo(full) }, "undo"), was: h("span", { class: "was", hidden: true, "aria-hidden": "true" }) };
    this.rows.push(made);
    return h("div", { class: "turn" }, h("label", { for: id }, `${setting.host} `, h("b", {}, name), " ", made.undo), made.output, h("span", { class: "rail" }, made.input, made.was));
  }
  load() {
    const input = h("input", { type: "range", min: 0, max: MOST_PACE, step: 0.25, value: 1, id: "turn-load", oninput: () => text(this.loadOut, `× ${input.value}`), onchange: () => this.repace(Number(input.value)) });
    this.pace = input;
    this.loadOut = h("output", { for: "turn-load" });
    const burst = (count) => h("button", { class: "small", title: "send now, beside the load", "aria-label": `+ ${count} now`, onclick: () => this.page.act(this.runs, { do: "send", count }) }, `+ ${count}`);
    return h("div", { class: "turn" }, h("label", { for: "turn-load" }, h("b", {}, "load "), burst(1), burst(50)), this.loadOut, h("span", { class: "rail" }, input));
  }
  async repace(times) {
    const whys = await this.page.act(this.runs, { do: "pace", times });
    if (whys.some(Boolean)) this.pace.dataset.dirty = "";
    this.paint();
  }
  async turn(full, to, made) {
    const whys = await this.page.act(this.runs, { do: "set", name: full, value: to });
    const why = [...new Set(whys.filter(Boolean))].join(" ");
    text(this.turnWhy, why);
    this.turnWhy.hidden = !why;
    if (why) made.input.dataset.dirty = "";
    this.paint();
  }
  undo(full) { return this.page.act(this.runs.filter((run) => run.look.settings.includes(full)), { do: "unset", name: full }); }
  // The setting in which the broken variant differs from the mended ones: the first that the lab names.
  focusFirst() { this.rows[0]?.input.focus(); }

  paint() {
    if (!this.page.runs.length || !this.buttons) return;
    text(this.about, this.page.said_of(this.picked));
    this.about.hidden = !this.about.textContent;
    for (const { kind, fields, label, element, why } of this.buttons) {
      const isOn = this.there(kind).length > 0, first = fields.find((field) => typeof field.default === "number" && !["toxicity", "grace_s"].includes(field.name));
      const { unit } = first ? named(first.name) : { unit: "" };
      text(label, isOn ? kind.cures : first ? `${kind.does} ${unit ? "" : "× "}${value(this.valueOf(kind, first))}${unit}` : kind.does);
      attr(element, "class", isOn ? "on" : "");
      attr(element, "aria-pressed", isOn);
      text(why, this.whys[kind.kind] ?? "");
      why.hidden = !this.whys[kind.kind];
    }
    for (const made of this.rows) {
      const all = this.runs.map((run) => this.nowOf(run, made.setting)), [{ now, own }] = all, isSet = this.runs.some((run) => run.look?.settings.includes(made.full));
      const words = [...new Set(all.map((one) => value(one.now)))].join(" / ");
      text(made.output, isSet && now !== own ? `${value(own)} → ${words}${made.unit}` : `${words}${made.unit}`);
      attr(made.output, "class", isSet ? "changed" : "");
      made.undo.hidden = !isSet;
      made.was.hidden = !(isSet && made.input.type === "range");
      if (!made.was.hidden) made.was.style.left = `calc(9px + (100% - 18px) * ${(own - made.input.min) / (made.input.max - made.input.min)})`;
      if (document.activeElement !== made.input || made.input.dataset.dirty === "") { delete made.input.dataset.dirty; show(made.input, now); }
      rail(made.input);
    }
    if (!this.page.can("load")) return;
    const paced = this.runs[0].done().filter((act) => act.do === "pace").at(-1)?.times ?? 1;
    if (document.activeElement !== this.pace || this.pace.dataset.dirty === "") { delete this.pace.dataset.dirty; this.pace.value = paced; }
    text(this.loadOut, `× ${value(paced)}  ${many(this.opened.rate_rps * paced)}/s`);
    rail(this.pace);
  }
}

// A host by its own name, or the first of a service's.
const placed = (opened, name) => opened.hosts.find((one) => one.name === name) ?? opened.hosts.find((one) => one.service === name);
const rail = (input) => input.type === "range" && input.style.setProperty("--p", `${(100 * (input.value - input.min)) / (input.max - input.min)}%`);
function show(input, now) {
  if (input.type === "checkbox") input.checked = now;
  else { if (input.type === "range" && now > Number(input.max)) input.max = now; input.value = now; }
}
// A control for a setting by its value: a slider round the one that the lab has, a box, a list, a field.
function control(setting, id, turn) {
  const { value: now, choices } = setting;
  if (choices.length) { const select = h("select", { id, onchange: () => turn(select.value) }, choices.map((one) => h("option", { value: one, selected: one === now }, one))); return select; }
  if (typeof now === "boolean") { const box = h("input", { id, type: "checkbox", checked: now, onchange: () => turn(box.checked) }); return box; }
  if (typeof now === "string") { const field = h("input", { id, type: "text", value: now, onchange: () => turn(field.value) }); return field; }
  const { min, max, step } = setting.range;
  const slider = h("input", { id, type: "range", min, max, step, value: now, oninput: () => rail(slider), onchange: () => turn(Number(slider.value)) });
  return slider;
}
