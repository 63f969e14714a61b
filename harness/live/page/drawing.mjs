// Draws the topology and the charts as SVG, out of what ticks say; nothing here sends a command.
const SVG = "http://www.w3.org/2000/svg";
export const el = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};
const W = 190, H = 64, GAP_X = 130, GAP_Y = 26;

// Whoever is called stands to the right of its callers; the client first.
export function layout(opened) {
  const names = ["client", ...opened.hosts.map((host) => host.name)];
  const column = Object.fromEntries(names.map((name) => [name, 0]));
  const ends = opened.links.flatMap((link) => link.hosts.map((to) => [link.caller, to]));
  for (let round = 0; round < names.length; round++)
    for (const [from, to] of ends)
      if (column[to] <= column[from] && column[from] < names.length - 1 && from !== to && !back(ends, from, to)) column[to] = column[from] + 1;
  const filled = {}, places = {};
  for (const name of names) {
    const at = column[name];
    filled[at] = (filled[at] ?? 0) + 1;
    places[name] = { x: 10 + at * (W + GAP_X), y: 10 + (filled[at] - 1) * (H + GAP_Y) };
  }
  const tall = Math.max(...Object.values(filled));
  for (const name of names) places[name].y += ((tall - filled[column[name]]) * (H + GAP_Y)) / 2;
  const width = 20 + (Math.max(...Object.values(column)) + 1) * (W + GAP_X) - GAP_X;
  return { places, width, height: 20 + tall * (H + GAP_Y) - GAP_Y };
}
// Peers that call each other stand in one column.
const back = (ends, from, to) => ends.some(([a, b]) => a === to && b === from);

export function topology(svg, opened, choose) {
  const { places, width, height } = layout(opened);
  svg.setAttribute("viewBox", `0 0 ${width} ${height + 10}`);
  const links = {}, hosts = {};
  const chosen = (kind, name) => ({ click: () => choose(kind, name), keydown: (event) => (event.key === "Enter" || event.key === " ") && (event.preventDefault(), choose(kind, name)) });
  const listen = (made, on) => { for (const [key, act] of Object.entries(on)) made.addEventListener(key, act); return made; };
  svg.replaceChildren();
  for (const link of opened.links) {
    const made = el("g", { class: "link", tabindex: 0, role: "button", "aria-label": `link ${link.name}` });
    const title = el("title"), label = el("text", { "text-anchor": "middle" });
    link.hosts.forEach((to, index) => {
      const a = places[link.caller], b = places[to];
      const same = a.x === b.x;
      const x1 = a.x + W, y1 = a.y + H / 2 + (same ? 8 : 0), x2 = same ? b.x + W : b.x, y2 = b.y + H / 2 - (same ? 8 : 0);
      const bend = same ? 60 : GAP_X / 2;
      const d = `M${x1},${y1} C${x1 + bend},${y1} ${x2 + (same ? bend : -bend)},${y2} ${x2},${y2}`;
      made.append(el("path", { class: "hit", d }), el("path", { class: "wire", d }));
      if (!index) { label.setAttribute("x", (x1 + x2) / 2 + (same ? 40 : 0)); label.setAttribute("y", (y1 + y2) / 2 - 6); }
    });
    made.append(title, label);
    svg.append(listen(made, chosen("link", link.name)));
    links[link.name] = { made, label, title, before: 0 };
  }
  for (const [name, at] of Object.entries(places)) {
    const made = el("g", { class: "host", transform: `translate(${at.x},${at.y})` });
    if (name !== "client") { made.setAttribute("tabindex", 0); made.setAttribute("role", "button"); }
    const state = el("text", { x: 10, y: 40, class: "state" }), queue = el("text", { x: 10, y: 56, class: "queue" });
    made.append(el("rect", { width: W, height: H, rx: 8 }), el("text", { x: 10, y: 22, class: "name" }, name), state, queue);
    svg.append(name === "client" ? made : listen(made, chosen("host", name)));
    hosts[name] = { made, state, queue };
  }
  return { links, hosts };
}

export function repaint(drawn, tick) {
  for (const host of tick.hosts) {
    const { made, state, queue } = drawn.hosts[host.name];
    const changed = Object.keys(host.changed).length || host.cpu !== 1 || host.skew_s || host.disk_full;
    made.setAttribute("class", `host ${host.state} ${changed ? "changed" : ""}`);
    const words = [host.state === "running" ? "" : host.state, host.cpu !== 1 && `CPU ${host.cpu} x slower`, host.skew_s && `clock ${host.skew_s > 0 ? "+" : ""}${host.skew_s} s`, host.disk_full && "disk full"].filter(Boolean).join(", ");
    state.textContent = words;
    queue.textContent = host.in_hand == null ? "" : `${host.in_hand} in hand${host.queue ? `, ${host.queue} wait` : ""}`;
    made.setAttribute("aria-label", `host ${host.name}, ${host.state}, ${queue.textContent} ${words}`);
  }
  const { made, queue } = drawn.hosts.client;
  queue.textContent = `${tick.load.under_way} under way`;
  made.setAttribute("aria-label", `client, ${queue.textContent}`);
  for (const link of tick.links) {
    const one = drawn.links[link.name];
    const bad = Object.entries(link.outcomes).filter(([status]) => !/^2/.test(status)).reduce((sum, [, count]) => sum + count, 0);
    const hurt = !link.up || link.toxics.length || link.connects !== "accepted";
    const failing = one.failed !== undefined && bad > one.failed;
    one.made.setAttribute("class", `link ${link.started > one.before ? "moving" : ""} ${failing ? "failing" : ""} ${hurt ? "hurt" : ""}`);
    one.before = link.started; one.failed = bad;
    one.label.textContent = (hurt ? (link.up ? "✗ " : "✗ down ") : "") + (link.under_way ? `${link.under_way}` : "") + (link.late ? ` (${link.late} late)` : "");
    one.title.textContent = `${link.name}: ${link.started} started, ${link.under_way} under way, ${link.late} too late, ${link.unread} unread, ${link.toxics.join(" ")} ${Object.entries(link.outcomes).map((pair) => pair.join(": ")).join(", ")}`;
    one.made.setAttribute("aria-label", `link ${one.title.textContent}`);
  }
}

// A chart of curves over seconds; each is {values, class, dash}.
export function chart(svg, curves, windows, until_s) {
  const w = 560, h = 160, left = 40, bottom = 20;
  const most = Math.max(1, ...curves.flatMap((curve) => curve.values.filter(Number.isFinite)));
  const x = (s) => left + (s / Math.max(until_s, 1)) * (w - left - 5), y = (v) => h - bottom - (v / most) * (h - bottom - 10);
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  svg.replaceChildren(
    ...windows.map(([a, b]) => el("rect", { x: x(a), width: Math.max(1, x(Math.min(b, until_s)) - x(a)), y: 5, height: h - bottom - 5, fill: "var(--win)" })),
    el("path", { d: `M${left},5V${h - bottom}H${w}`, fill: "none", stroke: "var(--line)" }),
    el("text", { x: left - 4, y: 14, "text-anchor": "end" }, document.createTextNode(most.toPrecision(3).replace(/\.?0+$/, ""))),
    el("text", { x: w, y: h - 4, "text-anchor": "end" }, document.createTextNode(`${until_s} s`)),
    ...curves.map((curve) => el("path", { fill: "none", stroke: `var(--${curve.class})`, "stroke-width": 2.5, "stroke-dasharray": curve.dash ?? "", d: curve.values.map((v, i) => (Number.isFinite(v) ? `${i && Number.isFinite(curve.values[i - 1]) ? "L" : "M"}${x(i + 0.5)},${y(v)}` : "")).join("") })),
  );
}
