// Opens what is open once more, and plays it: with the lab's own faults, as a lesson has it, longer, or from its start.
import { clean, own } from "./address.mjs";

const MORE_S = 600, LONGEST_S = 3600;
const asked = ({ settings, faults, script }) => clean({ settings, faults, script });

export class Again {
  constructor(page) { this.page = page; }
  async play(found) {
    const { opened } = this.page.runs[0];
    await this.page.open({ lab: opened.lab, seed: opened.seed, at_s: 0, with: this.page.runs.map((run) => run.variant), ...found });
    this.page.clock.play();
  }
  // How they are played is the engine's: as a script, or by themselves for the lab's own time.
  own() {
    const { opened } = this.page.runs[0];
    return this.play({ runs: this.page.runs.map((run) => ({ ...own(run), ...run.opened.own })), duration_s: opened.own.duration_s ?? opened.experiment.duration_s });
  }
  // An experiment of the lesson, where there can be two beside the same variant as the lab has it.
  compare({ variant, settings, seed }) {
    const { opened } = this.page.runs[0], as = opened.own, one = { ...as, settings }, { duration_s } = as;
    return this.play({ seed: seed ?? opened.seed, duration_s, ...(this.page.can("beside") ? { with: [variant, variant], runs: [as, one] } : { with: [variant], runs: [one] }) });
  }
  // A run that is over goes on where its load ended, with what was done in it; or begins anew, as it was asked for.
  on() {
    const { opened } = this.page.runs[0], { duration_s } = opened.experiment;
    if (!this.page.can("rewind")) return this.play({ runs: this.page.runs.map((run) => asked(run.opened.experiment)), duration_s });
    return this.play({ at_s: Math.min(duration_s, this.page.clock.at_s), runs: this.page.runs.map(own), duration_s: Math.min(LONGEST_S, duration_s + MORE_S) });
  }
}
