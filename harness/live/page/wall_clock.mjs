// Time of containers: it is the machine's. A run is begun once and goes on by itself; this clock reads what it tells.
import { $, h } from "./dom.mjs";
import { Clock } from "./clock.mjs";

export class WallClock extends Clock {
  get word() { return this.playing ? "" : this.isOver ? "▶ Play again" : "▶ Play"; }
  get digits() { return 1; }
  get isLoading() { const [run] = this.runs; return this.playing && run.at_s > 0 && run.at_s < run.opened.duration_s && !run.isEnding; }
  play() {
    if (this.playing || !this.runs.length || this.isOver) return;
    this.playing = true;
    for (const run of this.runs) run.send({ do: "play" }).then((answer) => answer.ok || this.refused(answer.why));
    this.page.moved();
  }
  refused(why) { this.stop(); this.page.said(why, true); this.page.moved(); }
  pause() {
    if (!this.playing) return;
    if (this.isOver) { this.stop(); this.page.moved(); } else this.page.said("Containers live in real time: there is no pause. End and keep ends the run.");
  }
  async finish() {
    if (!this.isLoading) return;
    for (const run of this.runs) { run.isEnding = true; const answer = await run.send({ do: "finish" }); if (!answer.ok) { run.isEnding = false; this.page.said(answer.why, true); } }
  }
  // After each word of a run: another page may have begun it, and what was injected for so many seconds is over.
  heard() {
    const isUnderWay = this.runs.some((run) => run.look?.speed);
    if (isUnderWay && !this.playing && !this.isOver) { this.playing = true; this.page.moved(); }
    if (this.playing && this.isOver) { this.stop(); this.page.moved(); }
    const due = this.planned.filter((one) => one.end_s <= one.run.at_s);
    this.planned = this.planned.filter((one) => !due.includes(one));
    for (const one of due) if (one.run.faults.some((fault) => fault.number === one.fault)) this.page.between(() => this.page.heal(one.run, one.fault));
  }
  // Headline and line, where they are not about the lab.
  get says() {
    const [run] = this.runs;
    if (this.playing && !run.look.at_s) return ["The containers are being started.", [run.starting ? `Now: ${run.starting}.` : "They are asked for."]];
    if (this.playing && !this.isLoading) return ["The load ends.", ["The last answers come in, and what was recorded is read back."]];
    if (run.over && !run.failed) return ["The run is over, and its containers are gone.", []];
    return null;
  }
  paint() {
    super.paint();
    const [run] = this.runs, { kept } = run;
    $("finish").hidden = !this.isLoading;
    $("kept").hidden = !kept;
    if (!kept || $("kept").dataset.run === kept.run) return;
    $("kept").dataset.run = kept.run;
    const verdict = kept.verdict ? [" Verdict: ", h("b", {}, kept.verdict), "."] : " Played by hand: the lab claims nothing about it.";
    $("kept").replaceChildren("Kept in ", h("code", {}, kept.run), ".", ...[verdict].flat(), ...(kept.failed.length ? [h("ul", {}, kept.failed.map((line) => h("li", {}, line)))] : []));
  }
}
