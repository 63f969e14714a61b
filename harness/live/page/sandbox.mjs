// A system of one's own: a form over what the library has, from which the engine makes a lab. Only values go there.
import { h, text, place, named } from "./dom.mjs";

const clone = (value) => JSON.parse(JSON.stringify(value));

const isObject = (one) => one !== null && typeof one === "object" && !Array.isArray(one);
// Whether there is something for each part of the form; what its values are worth, the engine says.
const isForm = (one) => isObject(one) && isObject(one.load) && [one.hosts, one.faults].every((all) => Array.isArray(all) && all.every(isObject)) && one.hosts.every((host) => Array.isArray(host.calls) && isObject(host.settings) && isObject(host.guards)) && one.faults.every(({ fault }) => isObject(fault) && typeof fault.target === "string");

export class Sandbox {
  constructor(page, section) { Object.assign(this, { page, section, library: null, system: null, applied: null, lab: "", title: "" }); }
  // The library is asked for once; the address may hold a system.
  async begin(run, tool, system) {
    Object.assign(this, { lab: tool.lab, variants: tool.variants, title: tool.title });
    if (!this.library) {
      const { library, ok, why } = await run.send({ do: "library" });
      if (!ok) return this.page.said(why, true);
      this.library = library;
    }
    if (system && !isForm(system)) this.page.said("The address holds no system that a form could show; this is the first one.", true);
    this.system = clone(isForm(system) ? system : this.system ?? this.library.start);
    this.applied = clone(this.system);
    this.section.hidden = false;
    this.build();
  }
  leave() { this.section.hidden = true; this.system = this.applied = null; }
  // Tells the engine of a session what its lab is: what was run last, and not what is being written.
  async prepare(run, lab) { return this.applied && lab === this.lab ? run.send({ do: "system", system: this.applied }) : { ok: true }; }
  async check() {
    const answer = await (this.page.runs[0] ?? this.page.first).send({ do: "system", system: this.system });
    text(this.why, answer.ok ? "" : answer.why);
    this.why.hidden = answer.ok;
    return answer;
  }
  async run() {
    if (!(await this.check()).ok) return;
    this.applied = clone(this.system);
    await this.page.tools.begin({ lab: this.lab, with: this.variants, at_s: 0 });
    this.section.querySelector("details").open = false; // what comes of it is in sight
  }
  async save() {
    const answer = await this.check();
    if (!answer.ok) return;
    const link = h("a", { href: URL.createObjectURL(new Blob([answer.system.source], { type: "text/x-python" })), download: "lab.py" });
    link.click();
    URL.revokeObjectURL(link.href);
    this.page.said("Saved lab.py. Put it into FOLDER/NAME/lab.py, and hold it against its claims with: ./lab check NAME --labs FOLDER");
  }

  // It is part of the page, and Escape does not close it.
  get isOpen() { return false; }
  // How the guess stands, at each second of the run.
  async paint() {
    const { runs, clock } = this.page, key = `${Math.floor(clock.at_s)} ${runs.map((run) => `${run.variant} ${run.script.length}`)}`;
    if (!this.applied || !this.stands || key === this.asked) return;
    this.asked = key;
    const told = await clock.exclusive(() => Promise.all(runs.map((run) => run.send({ do: "claims" }))));
    if (!this.applied || told.some((one) => !one.ok)) return;
    this.stands.replaceChildren(...told.flatMap((one, at) => one.claims.map((claim) => this.claim(claim, runs[at]))));
  }
  claim({ claim, measure, value, wanted, holds }, run) {
    const word = holds === null ? "not yet" : holds ? "✓ as you guess" : "✗ not so";
    return h("li", {}, h("b", {}, `${run.title}: `), `${claim}; ${measure}`, value === null ? ", " : ` is ${Number(value.toFixed(3))}, `, `wanted ${wanted} `, h("span", { class: holds === null ? "muted" : holds ? "good" : "bad" }, word));
  }
  get service() { return Object.fromEntries(this.library.services.map((one) => [one.name, one])); }
  get hosts() { return this.system.hosts; }
  // Where a fault may hit: each replica is a host, and each of them has its own links.
  replicas(host) { return host.replicas > 1 ? Array.from({ length: host.replicas }, (_, at) => `${host.name}-${at + 1}`) : [host.name]; }
  places(on) {
    if (on === "host") return this.hosts.flatMap((host) => this.replicas(host));
    return [`client->${this.system.load.to}`, ...this.hosts.flatMap((host) => this.replicas(host).flatMap((name) => host.calls.map((callee) => `${name}->${callee}`)))];
  }
  isStore(host) { return this.service[host.service]?.is_store ?? false; }
  // Whom a setting may name: those that its host calls, stores or services.
  callees(host, of) { return host.calls.filter((name) => { const one = this.hosts.find((each) => each.name === name); return one && this.isStore(one) === (of === "stores"); }); }
  build() {
    const { system } = this, { form } = this.library, add = () => { this.hosts.push({ name: this.free(), service: this.library.start.hosts.at(-1).service, calls: [], replicas: 1, settings: {}, guards: {} }); this.build(); };
    const fault = () => { const kind = this.kinds[0]; system.faults.push({ start_s: 5, end_s: 8, fault: { kind: kind.kind, target: this.places(kind.on)[0] } }); this.build(); };
    this.section.replaceChildren(
      h("details", { open: true }, h("summary", {}, h("h2", {}, this.title)),
        h("p", { class: "row" }, this.field("Title", system, "title")),
        h("h3", {}, "Hosts"), h("div", { class: "hosts" }, this.hosts.map((host, at) => this.host(host, at))), h("p", { class: "row" }, h("button", { onclick: add }, "+ host")),
        h("h3", {}, "Load"), h("p", { class: "row" }, form.load.map(({ name, label, of }) => (of ? this.choice(label, of === "hosts" ? this.hosts.filter((host) => !this.isStore(host)).map((host) => host.name) : of, system.load, name, true) : this.field(label, system.load, name)))),
        h("h3", {}, "Faults"), system.faults.map((one, at) => this.fault(one, at)), h("p", { class: "row" }, h("button", { onclick: fault }, "+ fault")),
        h("h3", {}, "Your guess"), h("p", { class: "row" }, form.guess.map(({ name, label }) => this.field(label, system, name)))),
      h("p", { class: "row" }, h("button", { class: "go", onclick: () => this.run() }, "Run both designs"), h("button", { onclick: () => this.save() }, "Save lab.py"), (this.why = h("span", { class: "why", role: "alert", hidden: true }))),
      (this.stands = h("ul", { class: "standing", "aria-label": "How the guess stands" })),
    );
    this.asked = "";
    this.page.soon();
  }
  free() { for (let at = this.hosts.length + 1; ; at++) if (!this.hosts.some((host) => host.name === `host-${at}`)) return `host-${at}`; }
  get kinds() { return this.page.kinds.filter((kind) => kind.on !== "hosts" && kind.fields.every((field) => field.type !== "names" && field.default !== undefined)); }
  // A value of the form: number, choice, yes or no, text, by what stands there.
  field(label, of, name, after) {
    const now = of[name], kind = typeof now === "number" ? "number" : "text";
    return h("label", {}, `${label} `, h("input", { type: kind, step: "any", value: now, onchange: (event) => { of[name] = kind === "number" ? Number(event.target.value) : event.target.value; after?.(now); } }));
  }
  choice(label, all, of, name, builds = false) {
    return h("label", {}, `${label} `, h("select", { "aria-label": label, onchange: (event) => { of[name] = event.target.value; if (builds) this.build(); } }, all.map((one) => h("option", { value: one, selected: one === of[name] }, place(one)))));
  }
  host(host, at) {
    const { library } = this, service = this.service[host.service], others = this.hosts.filter((one) => one !== host).map((one) => one.name), designs = service?.is_store ? ["both"] : this.variants;
    const remove = () => { this.hosts.splice(at, 1); for (const one of this.hosts) one.calls = one.calls.filter((name) => name !== host.name); if (this.system.load.to === host.name) this.system.load.to = this.hosts[0]?.name ?? ""; this.mend(); };
    const call = (name) => h("label", {}, h("input", { type: "checkbox", checked: host.calls.includes(name), onchange: (event) => { host.calls = others.filter((one) => (one === name ? event.target.checked : host.calls.includes(one))); this.mend(); } }), ` ${name}`);
    return h("fieldset", { class: "own-host" }, h("legend", {}, host.name),
      h("p", { class: "row" }, this.field("name", host, "name", (before) => this.rename(before, host.name)), h("label", {}, "runs ", h("select", { "aria-label": `What ${host.name} runs`, onchange: (event) => this.serve(host, event.target.value) }, library.services.map((one) => h("option", { value: one.name, selected: one.name === host.service }, one.name)))), service?.is_store ? "" : this.field("replicas", host, "replicas", () => this.mend())),
      h("p", { class: "muted" }, service?.about ?? ""),
      others.length && !service?.is_store ? h("p", { class: "row" }, "calls ", others.map(call)) : "",
      h("details", {}, h("summary", {}, this.changed(host)), h("table", {}, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "setting"), designs.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, (service?.settings ?? []).map((one) => h("tr", {}, h("th", { scope: "row" }, this.named(one.name)), h("td", {}, this.value(host, "settings", one.name, one, one.value)), designs.length > 1 ? h("td", {}, this.value(host, "guards", one.name, one, undefined)) : ""))))),
      (service?.sides ?? []).map((side) => this.guards(host, side)),
      h("p", { class: "row" }, this.hosts.length > 1 ? h("button", { class: "undo", onclick: remove }, `remove ${host.name}`) : ""));
  }
  named(full) { const { name, unit } = named(full); return `${name}${unit ? `,${unit}` : ""}`; }
  changed(host) { const count = Object.keys(host.settings).length + Object.keys(host.guards).filter((name) => !name.includes(".")).length; return count ? `Settings: ${count} given` : "Settings"; }
  // A setting of one design: what is not given is as the service has it, or as the plain design has it.
  value(host, design, name, { value: first, choices, of }, shown) {
    const given = host[design][name] ?? shown, label = `${this.named(name)} of ${host.name}, ${this.variants[design === "guards" ? 1 : 0]}`;
    const give = (to) => { if (to === "" || to === shown) delete host[design][name]; else host[design][name] = to; };
    const list = of ? this.callees(host, of) : choices.length ? choices : typeof first === "boolean" ? ["true", "false"] : null;
    if (list) return h("select", { "aria-label": label, onchange: (event) => give(typeof first === "boolean" && event.target.value ? event.target.value === "true" : event.target.value) }, shown === undefined ? h("option", { value: "" }, "the same") : "", list.map((one) => h("option", { value: one, selected: String(given) === one }, one)));
    const kind = typeof first === "number" ? "number" : "text";
    return h("input", { type: kind, step: "any", "aria-label": label, value: given ?? "", placeholder: shown === undefined ? "the same" : "", onchange: (event) => give(event.target.value === "" ? "" : kind === "number" ? Number(event.target.value) : event.target.value) });
  }
  guards(host, side) {
    const key = `${side}.order`, order = (host.guards[key] ?? "").split(",").filter(Boolean), set = (names) => { if (names.length) host.guards[key] = names.join(","); else delete host.guards[key]; for (const name of Object.keys(host.guards)) if (name.startsWith(`${side}.`) && name !== key && !names.includes(name.split(".")[1])) delete host.guards[name]; this.build(); };
    const chosen = order.map((name) => this.library.guards.find((one) => one.name === name)).filter(Boolean), left = this.library.guards.filter((one) => !order.includes(one.name));
    return h("div", { class: "guards" }, h("p", { class: "row" }, h("b", {}, `${side} guards`), h("select", { "aria-label": `Add a guard to what is ${side} at ${host.name}`, onchange: (event) => set([...order, event.target.value]) }, h("option", { value: "" }, "+ guard"), left.map((one) => h("option", { value: one.name, title: one.about }, one.name)))),
      chosen.map((guard) => h("details", { open: true }, h("summary", {}, guard.name), h("p", { class: "muted" }, guard.about), h("p", { class: "row" }, guard.settings.map((one) => h("label", {}, `${this.named(one.name)} `, this.value(host, "guards", `${side}.${guard.name}.${one.name}`, one, one.value))), h("button", { class: "undo", onclick: () => set(order.filter((name) => name !== guard.name)) }, `remove ${guard.name}`)))));
  }
  fault(one, at) {
    const kind = this.kinds.find((each) => each.kind === one.fault.kind), places = kind ? this.places(kind.on) : [one.fault.target];
    for (const field of kind?.fields ?? []) one.fault[field.name] ??= field.default;
    return h("p", { class: "row" },
      h("label", {}, "what ", h("select", { "aria-label": `Fault ${at + 1}`, onchange: (event) => { const to = this.kinds.find((each) => each.kind === event.target.value); one.fault = { kind: to.kind, target: this.places(to.on)[0] }; this.build(); } }, this.kinds.map((each) => h("option", { value: each.kind, selected: each === kind }, each.does)))),
      this.choice("where", places, one.fault, "target"), (kind?.fields ?? []).map((field) => (field.type === "choice" ? this.choice(this.named(field.name), field.choices, one.fault, field.name) : this.field(this.named(field.name), one.fault, field.name))),
      this.field("from, s", one, "start_s"), this.field("to, s", one, "end_s"), h("button", { class: "undo", onclick: () => { this.system.faults.splice(at, 1); this.build(); } }, "remove"));
  }
  // Another service has settings of its own; a store calls nobody.
  serve(host, service) {
    Object.assign(host, { service, settings: {}, guards: {} });
    if (this.isStore(host)) { Object.assign(host, { calls: [], replicas: 1 }); if (this.system.load.to === host.name) this.system.load.to = this.hosts.find((one) => !this.isStore(one))?.name ?? ""; }
    this.mend();
  }
  naming(host) { return (this.service[host.service]?.settings ?? []).filter((one) => one.of); }
  rename(before, now) {
    for (const host of this.hosts) {
      host.calls = host.calls.map((name) => (name === before ? now : name));
      for (const { name } of this.naming(host)) for (const design of [host.settings, host.guards]) if (design[name] === before) design[name] = now;
    }
    if (this.system.load.to === before) this.system.load.to = now;
    for (const { fault } of this.system.faults) fault.target = fault.target.split("->").map((name) => (name === before ? now : name.startsWith(`${before}-`) ? now + name.slice(before.length) : name)).join("->");
    this.mend();
  }
  // A setting that must name a host names one that is called; one that needs a store calls the first that is there.
  name(host) {
    for (const { name, of } of this.naming(host)) {
      const store = of === "stores" && !this.callees(host, of).length && this.hosts.find((one) => this.isStore(one));
      if (store) host.calls.push(store.name);
      const there = this.callees(host, of), taken = this.naming(host).map((one) => one.name !== name && host.settings[one.name]);
      if (!there.includes(host.settings[name])) host.settings[name] = there.find((one) => !taken.includes(one)) ?? there[0] ?? "";
      if (!there.includes(host.guards[name])) delete host.guards[name];
    }
  }
  // A fault whose place is gone hits the first that is there.
  mend() {
    for (const host of this.hosts) this.name(host);
    for (const { fault } of this.system.faults) {
      const places = this.places(this.kinds.find((kind) => kind.kind === fault.kind)?.on ?? "host");
      if (!places.includes(fault.target)) [fault.target] = places;
    }
    this.build();
  }
}
