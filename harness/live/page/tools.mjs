// Tools: this page with a lab, variants and parts that the engine names for each; and the list of them.
import { $, h, text } from "./dom.mjs";
import { Sandbox } from "./sandbox.mjs";

export class Tools {
  constructor(page, section) { Object.assign(this, { page, section, all: [], tool: null, sandbox: new Sandbox(page, $("sandbox")) }); page.views.push(this.sandbox); }
  // What the address says beside the experiment.
  get words() { return { ...(this.tool ? { tool: this.tool.name } : {}), ...(this.sandbox.applied ? { system: JSON.stringify(this.sandbox.applied) } : {}) }; }
  // What the address asks for beside its own words; a tool that is not there is said.
  async chosen(found, all, run) {
    this.all = all;
    this.tool = all.find((one) => one.name === found.tool) ?? null;
    if (found.tool && !this.tool) this.page.said(`There is no tool ${found.tool} here; there are ${all.map((one) => one.name).join(", ")}.`, true);
    $("show-tools").hidden = !all.length;
    const { tool } = this;
    text($("mark"), tool ? tool.title : "Chaoslab");
    this.isFresh = Boolean(tool) && !found.lab;
    if (tool?.makes) {
      $("lab").append(h("option", { value: tool.lab }, "Your system"));
      await this.sandbox.begin(run, tool, found.system);
    } else this.sandbox.leave();
    if (!this.isFresh) return found;
    return { ...found, lab: tool.lab, with: tool.variants };
  }
  // Once its runs stand: the lab's own faults, the place to break, and the parts of the page that belong to it.
  async opened() {
    const { page, tool } = this;
    if (!tool || !this.isFresh || !page.isThere) return;
    this.isFresh = false;
    page.paint(); // the next opening may have to wait for the engine
    const [{ opened }] = page.runs;
    await this.begin({ lab: opened.lab, seed: opened.seed, with: tool.variants, at_s: tool.at_s }, true);
    if (tool.pick) page.hands.pick(tool.pick);
    for (const view of page.views) if (tool.shows.includes(view.section.id) && !view.isOpen) await view.toggle();
    if (tool.then_s) await page.between(() => page.clock.step(tool.at_s + tool.then_s));
    page.moved();
    page.said(tool.asks);
    scrollTo(0, 0);
  }
  // Opens a lab, and then again with its own faults as a script, which it tells once it is open.
  async begin(wanted, isOpen = false) {
    const { page } = this;
    if (!isOpen) await page.open(wanted);
    if (page.isThere) await page.open({ ...wanted, runs: page.runs.map((run) => ({ script: run.opened.script })) });
  }
  get turns() { return this.tool?.turns ?? []; }
  get isListed() { return location.hash === "#tools"; }
  list() {
    document.documentElement.dataset.view = "tools";
    document.title = "Tools · Chaoslab";
    this.section.hidden = false;
    this.section.replaceChildren(h("h1", {}, "Tools"), h("ul", { class: "tools" }, this.all.map((tool) => h("li", {}, h("h2", {}, h("a", { href: `#tool=${tool.name}` }, tool.title)), h("p", {}, tool.said), h("p", { class: "muted" }, tool.asks)))), h("p", {}, h("a", { href: "#" }, "All labs")));
  }
  leave() {
    if (this.section.hidden) return;
    this.section.hidden = true;
    document.documentElement.dataset.view = "";
  }
}
