// Time in lockstep: all runs stand at one moment before any goes on, and what is done by hand is done between two steps.
import { round6 } from "./dom.mjs";

const STEP_MS = 100, FASTEST_MS = 45;
export const SPEEDS = [0.25, 1, 2, 5, 20, Infinity];
const AT_MOST_S = 2;

export class Clock {
  constructor(page) {
    Object.assign(this, { page, runs: [], speed: 1, playing: false, planned: [], turn: Promise.resolve(), asked: 0 });
  }
  get at_s() { return this.runs.length ? Math.min(...this.runs.map((run) => run.at_s)) : 0; }
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
  exact(to_s) { return Promise.all(this.runs.map((run) => run.advance(to_s))); }
}
