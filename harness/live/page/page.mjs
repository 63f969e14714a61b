// The page: makes the runs that the address asks for, and tells all its parts when something has changed.
import { $, h, text, attr, many, seconds } from "./dom.mjs";
import { Run } from "./run.mjs";
import { Clock, SPEEDS } from "./clock.mjs";
import { WallClock } from "./wall_clock.mjs";
import { Again } from "./again.mjs";
import { Pane, told } from "./pane.mjs";
import { Lanes, marksOf } from "./lanes.mjs";
import { Hands } from "./hands.mjs";
import { Lesson } from "./lesson.mjs";
import { Follow } from "./follow.mjs";
import { SpaceTime } from "./spacetime.mjs";
import { Upcoming } from "./upcoming.mjs";
import { History } from "./history.mjs";
import { Tools } from "./tools.mjs";
import { EngineState } from "./engine_state.mjs";
import { cures, sentence } from "./words.mjs";
import { notes } from "./notes.mjs";
import { present } from "./presenter.mjs";
import { clean, experiments, own, read, usual, written } from "./address.mjs";
import { keys, listen, list } from "./keys.mjs";
import { buttons, limit } from "./buttons.mjs";

const main = $("main"), phone = matchMedia("(max-width: 46rem)"), SPOKEN_MS = 1000, TOAST_MS = 8000;
const stored = (name, first) => { try { return (sessionStorage[name] ??= first()); } catch { return first(); } };
const BASE = stored("session", () => Math.random().toString(36).slice(2, 12));

class Page {
  constructor() {
    Object.assign(this, { runs: [], panes: [], kinds: [], labs: [], clock: null, spokenAt: 0, asKeys: stored("keys", () => "on") === "on", front: 0, abilities: new Set(), keys: [], engineState: new EngineState(this, main) });
    this.clock = new Clock(this);
    this.hands = new Hands(this, { breaks: $("break"), turns: $("turn") });
    this.lesson = new Lesson(this, { vote: $("vote"), reader: $("lesson"), tries: $("further"), phones: $("class") });
    this.follow = new Follow(this, $("follow"));
    this.spacetime = new SpaceTime(this, $("messages"));
    this.upcoming = new Upcoming(this, $("upcoming"));
    this.history = new History(this, $("history"));
    this.views = [this.follow, this.spacetime, this.upcoming, this.history];
    this.tools = new Tools(this, $("tools"));
    this.lanes = new Lanes($("time"), this);
    this.again = new Again(this);
    listen(() => this.keys, () => this.asKeys && this.isThere && this.tools.section.hidden);
    buttons(this);
    phone.addEventListener("change", () => { for (const run of this.runs) this.draw(run); this.paint(); });
    addEventListener("hashchange", () => this.hash !== location.hash && this.start());
  }
  can(what) { return this.abilities.has(what); }
  // What this page can be is the engine's to say, once.
  equip(hello) {
    Object.assign(this, { kinds: hello.faults, labs: hello.labs });
    if (this.engine) return;
    Object.assign(this, { engine: hello.engine, abilities: new Set(hello.can) });
    if (!this.can("pause")) this.clock = new WallClock(this);
    this.keys = keys(this);
    limit(this);
  }
  get isThere() { return this.runs.length > 0 && this.runs.every((run) => run.look); }

  // From the address to runs that stand at its moment.
  async start() {
    this.given = location.hash || "#";
    this.state("loading");
    let found;
    try { found = read(); } catch (error) { found = { at_s: 0, with: undefined }; this.said(`The address cannot be read (${error.message}); the lab is opened as it is.`, true); }
    this.base = found.session ?? BASE;
    const first = (this.first = this.runs[0] ?? this.first ?? new Run(`${this.base}a`, this));
    const { hello } = await first.ready.then(() => first.send({ do: "hello" }));
    if (!hello) return this.fail(first.failed || "The engine did not answer. Load the page again.");
    this.equip(hello);
    await this.lesson.phones.look(first);
    $("lab").replaceChildren(...hello.labs.map((lab) => h("option", { value: lab.name }, lab.title)));
    found = await this.tools.chosen(found, hello.tools, first);
    if (this.tools.isListed) { this.tools.list(); return this.state("ready"); }
    this.tools.leave();
    // What cannot be played again is not opened anew by a page that was loaded again.
    if ((found.session || !(this.isThere || this.can("rewind"))) && first.opened) return this.join(first, found.session);
    found.lab ??= hello.labs[0].name;
    await this.open(found, first);
    await this.tools.opened();
  }
  // A second screen: looks at what another page has opened, and follows it.
  async join(first, isSecond) {
    const runs = [first], second = new Run(`${this.base}b`, this);
    await second.ready.then(() => second.send({ do: "hello" }));
    if (second.opened) runs.push(second); else second.close();
    await Promise.all(runs.map((run) => run.send({ do: "look" })));
    for (const run of runs) run.script = (await run.send({ do: "export" })).experiment?.script ?? run.script;
    this.show(runs);
    if (!isSecond) await this.lesson.load(first);
    this.clock.heard();
    this.moved();
  }
  async open(found, first = this.runs[0] ?? this.first) {
    this.clock.stop();
    this.isOpening = true;
    this.state("loading");
    this.clock.planned = [];
    const to_s = this.can("rewind") ? found.at_s : 0;
    this.follow.close();
    await this.clock.exclusive(async () => {
      // Whoever names no variants sees the two that differ: the lab says which, once it is open.
      const [one, two] = experiments(found, [found.with?.[0] ?? ""]);
      const answer = await first.stand({ do: "open", experiment: clean(one), to_s });
      if (!answer.ok) return this.fail(answer.why);
      const wanted = this.can("beside") && (two ?? (found.with ? undefined : experiments({ ...found, with: usual(first.opened.variants) }, [])[1]));
      if (!found.with && first.variant !== usual(first.opened.variants)[0]) await first.stand({ do: "open", experiment: clean({ ...one, variant: usual(first.opened.variants)[0] }), to_s });
      let runs = [first];
      if (wanted) {
        const second = this.runs[1] ?? new Run(`${this.base}b`, this);
        await second.ready;
        const other = await second.stand({ do: "open", experiment: clean(wanted), to_s });
        if (!other.ok) this.said(other.why, true);
        if (second.look) runs = [first, second]; else second.close();
      } else this.runs[1]?.close();
      this.show(runs);
    });
    this.isOpening = false;
    if (this.isThere) await this.lesson.load(this.runs[0]);
    this.moved();
  }
  show(runs) {
    this.runs = this.clock.runs = runs;
    const isOne = runs.length > 1 && runs[0].variant === runs[1].variant;
    for (const run of runs) run.label = isOne ? told(run) : undefined;
    const { opened } = runs[0];
    $("lab").value = opened.lab;
    $("seed").value = opened.seed;
    text($("question"), opened.question);
    document.title = `${opened.title} · Chaoslab`;
    attr(main, "data-lab", opened.lab);
    this.panes = runs.map((run, at) => new Pane(this, run, at));
    $("now").replaceChildren(...this.panes.map((pane) => pane.element));
    $("now").dataset.count = runs.length;
    for (const run of runs) this.draw(run);
    this.lanes.built = "";
    this.hands.open();
    this.paint();
  }
  draw(run) {
    const pane = this.panes.find((one) => one.run === run);
    pane?.draw(phone.matches);
  }
  choose(at, name) {
    const names = this.runs.map((run) => run.variant);
    const other = this.runs[0].opened.variants.find((one) => one.name !== names[0])?.name;
    const wanted = name === "+" ? [...names, usual(this.runs[0].opened.variants).find((one) => one !== names[0]) ?? other] : name === "" ? names.filter((_, each) => each !== at) : names.with(at, name);
    const { opened } = this.runs[0], kept = this.runs.map((run) => own(run)), order = name === "" ? kept.filter((_, each) => each !== at) : kept;
    return this.open({ lab: opened.lab, seed: opened.seed, with: wanted.filter(Boolean), at_s: this.clock.at_s, runs: order, duration_s: opened.experiment.duration_s });
  }

  // What runs tell.
  opened(run, isOther) { if (isOther && !this.isOpening && this.runs.includes(run)) this.isStale = true; }
  changed(run) {
    if (this.isStale && this.isThere) { this.isStale = false; this.show(this.runs); }
    if (run.failed) { this.said(`${this.runs.length > 1 ? `${run.title}: ` : ""}${run.failed}`, true); this.clock.pause(); this.state("failed"); this.engineState.failed(); }
    if (run.digest && this.clock.isOver) this.moved();
    if (this.isThere) this.clock.heard();
    this.soon();
  }
  soon() { this.due ||= requestAnimationFrame(() => { this.due = 0; this.paint(); }); }
  moved() {
    const isDone = this.clock.isOver && this.runs.every((run) => run.digest || run.failed);
    if (!this.isThere) return;
    if (this.runs.some((run) => run.failed)) this.state("failed");
    else this.state(isDone ? "done" : this.clock.playing ? "running" : this.clock.at_s ? "paused" : "ready");
    attr(main, "data-digest", isDone ? this.runs.map((run) => run.digest).join(",") : "");
    if (!this.clock.playing) this.remember();
    this.soon();
  }
  state(name) { attr(main, "data-state", name); }
  fail(why) { this.said(why, true); this.state("failed"); this.engineState.failed(); }
  said(words, isBad = false) { const line = $("said"); text(line, words); attr(line, "class", isBad ? "bad" : ""); line.hidden = !words; clearTimeout(this.unsay); if (words && !isBad) this.unsay = setTimeout(() => (line.hidden = true), TOAST_MS); }

  paint() {
    if (!this.isThere || this.isOpening || this.panes.length !== this.runs.length) return;
    const peak = Math.max(0, ...this.runs.map((run) => run.peak)), fastest = Math.max(this.panes[0].topology.plan.tall > 1 ? 1 : 2 * this.runs[0].opened.rate_rps, this.runs[0].opened.rate_rps, ...this.runs.map((run) => run.fastest));
    const scale = { fastest, unit: Math.max(...this.panes.map((pane) => pane.topology.unit(peak))) };
    for (const pane of this.panes) pane.paint(scale);
    attr(main, "data-verdict", this.panes.map((pane) => pane.element.dataset.verdict).join(","));
    const unit = scale.unit === 1 ? "a call" : `${many(scale.unit)} calls`;
    text($("unit"), `${unit} ${this.can("waiting") ? "whose caller waits" : "in hand"}`);
    text($("unit-gone"), `${unit} whose caller has gone`);
    text($("clock"), (this.lanes.preview ?? this.clock.at_s).toFixed(this.clock.digits));
    attr(main, "data-at", this.clock.at_s);
    this.clock.paint();
    const count = Math.max(0, ...this.runs.map((run) => run.faults.filter((fault) => fault.number !== null).length)), heal = $("heal");
    text($("heal-word"), count ? `Heal all · ${count}` : "Heal all");
    attr(heal, "class", count ? "heal armed" : "heal");
    attr(heal, "aria-disabled", !count);
    this.lanes.paint();
    this.hands.paint();
    for (const view of this.views) view.paint();
    this.speak();
    notes($("notes"), this.runs);
  }
  // At most once a second, so that it can be read, and read aloud.
  speak() {
    const now = performance.now(), wait = this.spokenAt + SPOKEN_MS - now;
    if (wait > 0 && this.clock.playing) { this.later ||= setTimeout(() => { this.later = 0; this.speak(); }, wait); return; }
    const [headline, line] = this.clock.says ?? sentence(this.runs, this.runs.flatMap((run) => cures(run, run.shown.at_s)).sort((a, b) => a.at_s - b.at_s));
    if ($("headline").textContent !== headline) { this.spokenAt = now; text($("headline"), headline); }
    this.engineState.say(line);
  }
  // What a drawing of many has no room for.
  said_of(name) { return this.panes.every((pane) => pane.topology.plan.tall === 1) ? "" : this.panes.map((pane) => `${this.runs.length > 1 ? `${pane.run.title}: ` : ""}${pane.topology.words(name)}`).join("\n"); }
  marks() { return marksOf(this.runs, this.kinds, this.clock.at_s); }

  // What hands do: between two steps, in every run that is meant.
  between(act) { return this.clock.exclusive(act); }
  async one(run, operation) {
    const answer = await run.send({ do: "act", operation });
    if (!answer.ok) { const why = this.runs.length > 1 ? `${run.title}: ${answer.why}` : answer.why; this.said(why, true); return { why }; }
    return { fault: answer.acted.fault, at_s: answer.acted.at_s };
  }
  async act(runs, operation) {
    const done = await this.between(() => Promise.all(runs.map((run) => this.one(run, operation))));
    this.did(done);
    return done.map((one) => one.why);
  }
  async inject(runs, fault, for_s) {
    const done = await this.between(() => Promise.all(runs.map((run) => this.one(run, { do: "inject", fault }))));
    done.forEach((one, at) => { if (for_s && one.fault) this.clock.planned.push({ run: runs[at], fault: one.fault, start_s: one.at_s, end_s: Math.round((one.at_s + for_s) * 1e6) / 1e6 }); });
    this.did(done);
    return done.map((one) => one.why);
  }
  async heal(run, fault) { const { why } = await this.one(run, { do: "heal", fault }); this.did([{ why }]); return why; }
  did(done) { if (done.every((one) => !one.why)) this.said(""); this.remember(); this.soon(); }
  async healAll() {
    const runs = this.runs.filter((run) => run.faults.some((fault) => fault.number !== null));
    const count = Math.max(0, ...runs.map((run) => run.faults.length));
    if (!runs.length) return this.said("There is nothing to heal.");
    await this.act(runs, { do: "heal all" });
    this.said(`Healed ${count === 1 ? "one fault" : `${count} faults`} at ${seconds(this.clock.at_s)}.`);
  }
  undoLast() {
    const last = this.runs.flatMap((run) => run.done().filter((act) => act.do === "set" && run.look.settings.includes(act.name))).sort((a, b) => a.at_s - b.at_s).at(-1);
    if (last) return this.hands.undo(last.name);
    this.said("No setting was changed by hand.");
  }

  // Time.
  toggle() { return this.clock.playing ? this.clock.pause() : this.clock.isOver && !(this.can("rewind") && this.runs.some((run) => run.failed)) ? this.again.on() : this.clock.play(); }
  faster(by) { this.speed(SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, SPEEDS.indexOf(this.clock.speed) + by))]); }
  speed(speed) { this.clock.speed = speed; this.paint(); }
  preview(at_s) {
    if (!this.can("rewind")) return;
    if (this.clock.playing) { this.clock.stop(); this.state("loading"); }
    this.lanes.preview = at_s;
    for (const run of this.runs) {
      const second = Math.floor(at_s + 1e-9);
      run.picture = at_s < run.at_s ? run.pictures.get(second) ?? run.picture : null;
      if (at_s < run.at_s && !run.pictures.has(second)) run.send({ do: "picture", to_s: at_s }).then(() => { if (this.lanes.preview === at_s) { run.picture = run.pictures.get(second) ?? null; this.soon(); } });
    }
    this.soon();
  }
  // Goes to a moment; of one that was seen there is a picture before the runs are there.
  async settle(wanted_s) {
    if (!this.can("rewind")) return;
    const at_s = Math.max(0, wanted_s);
    if (at_s < this.clock.at_s) this.preview(at_s);
    this.lanes.preview = at_s;
    await this.clock.seek(at_s);
    this.lanes.preview = undefined;
    for (const run of this.runs) run.picture = null;
    this.paint();
  }

  // The address, and what is shown.
  remember() {
    if (!this.isThere) return;
    this.hash = written(this.runs, this.clock.at_s, this.clock.planned, this.tools.words);
    history.replaceState(null, "", this.hash);
  }
  async copy() {
    this.remember();
    try { await navigator.clipboard.writeText(location.href); this.said("The link is copied: it holds lab, seed, variants, moment and all that was done."); } catch { this.said(`Copy this: ${location.href}`); }
  }
  present() { present(this); }
  fit() { this.lanes.width = 0; this.soon(); }
  tables() { this.lanes.tables(this.lanes.lanes.some((lane) => lane.table.hidden)); }
  listKeys() {
    const box = $("keys");
    box.hidden = !box.hidden;
    if (box.hidden) return;
    box.replaceChildren(...list(this.keys, () => this.listKeys(), this.asKeys, (on) => { this.asKeys = on; try { sessionStorage.keys = on ? "on" : "off"; } catch { /* not kept */ } }));
    box.scrollIntoView({ block: "nearest" });
    box.querySelector("h2").focus();
  }
  closeAll() {
    if (!$("keys").hidden) return this.listKeys();
    const open = this.views.find((view) => view.isOpen);
    if (open) return open.toggle();
    if (!$("lesson").hidden) return this.lesson.read();
    if (document.documentElement.dataset.view === "presenter") this.present();
  }
}
const page = new Page();
page.start();
