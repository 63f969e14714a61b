// Time in lockstep: all runs stand at one moment before any goes on, and what is done by hand is done between two steps.
import { $, attr, round6, text } from "./dom.mjs";

const STEP_MS = 100, FASTEST_MS = 45;
export const SPEEDS = [0.25, 1, 2, 5, 20, Infinity];
const AT_MOST_S = 2;

export class Clock {
  constructor(page) {
    Object.assign(this, { page, runs: [], speed: 1, playing: false, planned: [], turn: Promise.resolve(), asked: 0 });
  }
  get at_s() { return this.runs.length ? Math.min(...this.runs.map((run) => run.at_s)) : 0; }
  get word() { return this.playing ? "❚❚ Pause" : this.isOver ? "▶ Go on" : "▶ Play"; }
  // Tenths, where a step has not led between them.
  get digits() { return this.at_s % 0.1 > 1e-6 && this.at_s % 0.1 < 0.1 - 1e-6 ? 3 : 1; }
  get says() { return null; }
  heard() {} // its runs say nothing by themselves
  paint() {
    text($("play-word"), this.word);
    $("play").hidden = !this.word;
    for (const button of $("speeds").children) { const isOn = Number(button.dataset.speed) === this.speed; attr(button, "aria-checked", isOn); attr(button, "tabindex", isOn ? 0 : -1); }
  }
  get isOver() { return this.runs.length > 0 && this.runs.every((run) => run.over || run.failed); }

  // One thing after the other, each while no time passes.
  exclusive(act) {
    const result = this.turn.then(act);
    this.turn = result.catch((error) => this.page.said(String(error), true));
    return result;
  }
  play() {
    if (this.playing || !this.runs.length || this.isOver) return;
    this.playing = true;
    this.asked++;
    this.go(this.asked);
    this.page.moved();
  }
  pause() {
    if (!this.playing) return;
    this.stop();
    this.page.soon();
    this.turn.then(() => this.page.moved()); // when the step that is under way is done in all runs
  }
  stop() { this.playing = false; this.asked++; }
  async go(asked) {
    while (this.playing && asked === this.asked) {
      const began = performance.now();
      await this.exclusive(() => this.asked === asked && this.step(this.at_s + Math.min(this.speed * (STEP_MS / 1000), AT_MOST_S)));
      if (this.isOver || this.runs.some((run) => run.failed)) this.pause();
      const least = this.speed === Infinity ? FASTEST_MS : STEP_MS;
      await new Promise((done) => setTimeout(done, Math.max(0, least - (performance.now() - began))));
    }
  }
  // Goes on to a moment, and heals on the way what was injected for so many seconds.
  async step(to_s) {
    for (;;) {
      const next = this.planned.filter((one) => one.end_s <= to_s).sort((a, b) => a.end_s - b.end_s)[0];
      const until_s = Math.min(round6(next ? Math.max(next.end_s, this.at_s) : to_s), ...this.runs.map((run) => run.opened.ends_s));
      await Promise.all(this.runs.map((run) => run.advance(until_s)));
      if (!next) return;
      this.planned = this.planned.filter((one) => one !== next);
      if (next.run.faults.some((fault) => fault.number === next.fault)) await this.page.heal(next.run, next.fault);
    }
  }
  // Forward or back; the pictures of the moment are there before the runs are.
  seek(to_s) {
    this.stop();
    const { asked } = this;
    this.page.state(to_s < this.at_s ? "loading" : "running");
    return this.exclusive(async () => {
      if (asked !== this.asked) return; // somebody wants to be elsewhere by now
      if (to_s >= this.at_s) await this.step(round6(to_s));
      else await this.back(round6(Math.max(0, to_s)));
      this.page.moved();
    });
  }
  async back(to_s) {
    this.planned = this.planned.filter((one) => one.start_s < to_s && one.end_s >= to_s);
    const answers = await Promise.all(this.runs.map((run) => run.stand({ do: "rewind", to_s })));
    for (const answer of answers) if (!answer.ok) this.page.said(answer.why, true);
  }
  // By an event, a request or a second: the others go to where the first is then.
  by(what) {
    this.stop();
    this.page.state("running");
    return this.exclusive(async () => {
      if (what === "second") return this.step(Math.floor(this.at_s + 1 + 1e-9));
      if (what === "event") {
        const next = Math.min(...this.runs.map((run) => run.look?.next_s ?? Infinity));
        if (Number.isFinite(next) && next > this.at_s) return this.exact(next);
      }
      const [first] = this.runs;
      await first.send({ do: "step", by: what });
      return this.exact(first.at_s);
    }).then(() => this.page.moved());
  }
  // As fast as it goes until a request fails in some run: all stand at that moment, and a word says whose it was.
  failure() {
    this.stop();
    this.playing = true;
    const { asked } = this;
    this.page.state("running");
    this.page.said("Looking for the next failure …");
    const go = async () => {
      for (let hit; asked === this.asked; ) {
        hit = await this.exclusive(() => asked === this.asked && this.tenth());
        if (asked !== this.asked) return;
        if (!hit && !this.isOver && !this.runs.some((run) => run.failed)) continue;
        this.stop();
        this.page.said(hit ? `${this.runs.length > 1 ? `${hit.title}: a` : "A"} request failed at ${hit.look.load.failed_s.toFixed(3)} s.` : "No request failed up to the end.");
        this.page.moved();
      }
    };
    return go();
  }
  // The next tenth of a second, or up to the first failure in it; gives the run of that. One that is past it goes back.
  async tenth() {
    const ends = this.planned.map((one) => one.end_s).filter((end_s) => end_s > this.at_s), tenths = round6(Math.floor(this.at_s * 10 + 1e-6) / 10 + 0.1);
    let to_s = Math.min(tenths, ...ends, ...this.runs.map((run) => run.opened.ends_s)), hit = null;
    for (const run of this.runs) {
      const before = run.look.load.failed_s;
      const answer = await run.send({ do: "step", by: "failure", to_s });
      if (!answer.ok) { this.page.said(answer.why, true); this.pause(); return null; }
      if (run.look.load.failed_s !== before) [hit, to_s] = [run, run.at_s];
    }
    for (const run of this.runs) if (run.at_s > to_s + 1e-9) await run.stand({ do: "rewind", to_s }); else await run.advance(to_s);
    await this.step(to_s);
    return hit;
  }
  exact(to_s) { return Promise.all(this.runs.map((run) => run.advance(to_s))); }
}
