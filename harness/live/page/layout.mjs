// Where hosts stand and how links run: by their distance from the client, to the right or downwards.
const ROOM = { 1: { box: 72, gap: 0, above: 150 }, 2: { box: 62, gap: 46, above: 62 }, 3: { box: 54, gap: 34, above: 40 } };
const CLIENT = "client";

// Sorts hosts by how many calls they are from the client, or from one that nobody calls and that begins by itself.
export function levels(opened) {
  const names = opened.hosts.map((host) => host.name), out = [], placed = new Set([CLIENT]), called = new Set(opened.links.flatMap((link) => link.hosts));
  let last = [CLIENT];
  while (last.length) {
    const next = opened.links.filter((link) => last.includes(link.caller)).flatMap((link) => link.hosts);
    if (!out.length) next.push(...names.filter((name) => !called.has(name)));
    last = [...new Set(next)].filter((name) => names.includes(name) && !placed.has(name));
    for (const name of last) placed.add(name);
    if (last.length) out.push(last);
  }
  const rest = names.filter((name) => !placed.has(name));
  if (rest.length) out[0] = [...(out[0] ?? []), ...rest];
  return out;
}
const calls = (opened, a, b) => opened.links.some((link) => link.caller === a && link.hosts.includes(b));
const arePeers = (opened, column) => column.some((a) => column.some((b) => calls(opened, a, b)));

export function layout(opened, downwards) {
  const columns = levels(opened), tall = Math.max(...columns.map((column) => column.length));
  return downwards ? down(opened, columns) : across(opened, columns, tall);
}
function across(opened, columns, tall) {
  const room = ROOM[Math.min(tall, 3)];
  const starts = [0]; // the lane where each level begins; peers of a level stand in two, to the left and right in turn
  for (const column of columns) starts.push(starts.at(-1) + (arePeers(opened, column) ? 2 : 1));
  const lanes = starts.at(-1), wide = 560 + Math.max(0, lanes - 2) * 90, first = 148, box = lanes > 2 ? 112 : 130;
  const gap = lanes > 1 ? (wide - 10 - first - lanes * box) / (lanes - 1) : 0;
  const height = room.above + tall * room.box + (tall - 1) * room.gap + 30, places = {};
  columns.forEach((column, at) => column.forEach((name, row) => {
    const over = (tall - column.length) * (room.box + room.gap) / 2;
    places[name] = { x: first + (starts[at] + (arePeers(opened, column) ? row % 2 : 0)) * (box + gap), y: room.above + over + row * (room.box + room.gap), w: box, h: room.box };
  }));
  const middle = room.above + (tall * room.box + (tall - 1) * room.gap) / 2;
  places[CLIENT] = { x: 0, y: middle - 12, w: 62, h: 24 };
  return { places, links: links(opened, places, false), width: wide, height, tall, above: room.above, gap: tall > 1 ? room.gap : 122, small: wide > 560, downwards: false };
}
// A phone: one level under the other, and what stands side by side wraps.
function down(opened, columns) {
  const places = { [CLIENT]: { x: 23, y: 0, w: 70, h: 20 } }, linear = columns.every((column) => column.length === 1);
  let y = 82;
  for (const column of columns) {
    const across = linear ? 1 : Math.min(column.length, 3), w = linear ? 150 : (340 - (across - 1) * 14) / across;
    column.forEach((name, at) => { places[name] = { x: (at % across) * (w + 14), y: y + Math.floor(at / across) * 100, w, h: 62 }; });
    y += 62 + (Math.ceil(column.length / across) - 1) * 100 + (linear ? 150 : 90);
  }
  return { places, links: links(opened, places, true), width: 340, height: y - (linear ? 140 : 70), tall: linear ? 1 : 2, above: 0, gap: 30, small: false, downwards: true };
}

// A link as a straight line from edge to edge, and its length and angle.
function links(opened, places, downwards) {
  return Object.fromEntries(opened.links.map((link) => {
    const from = places[link.caller], to = places[link.hosts[0]];
    const twoWay = calls(opened, link.hosts[0], link.caller);
    const [a, b] = ends(from, to, downwards);
    if (twoWay) { // side by side, each on its left
      const length = Math.hypot(b.x - a.x, b.y - a.y) || 1, off = 8;
      const dx = (-(b.y - a.y) / length) * off, dy = ((b.x - a.x) / length) * off;
      for (const end of [a, b]) { end.x -= dx; end.y -= dy; }
    }
    const length = Math.hypot(b.x - a.x, b.y - a.y);
    return [link.name, { ...link, x: a.x, y: a.y, length, angle: (Math.atan2(b.y - a.y, b.x - a.x) * 180) / Math.PI, mid: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }, twoWay, fromClient: link.caller === CLIENT }];
  }));
}
function ends(from, to, downwards) {
  const center = (box) => ({ x: box.x + box.w / 2, y: box.y + box.h / 2 });
  if (downwards && to.y > from.y + from.h) return [{ x: Math.min(center(from).x, 58), y: from.y + from.h }, { x: to.w === 150 ? 58 : center(to).x, y: to.y }];
  if (to.x >= from.x + from.w) return [{ x: from.x + from.w, y: center(from).y }, { x: to.x, y: center(to).y }];
  if (from.x >= to.x + to.w) return [{ x: from.x, y: center(from).y }, { x: to.x + to.w, y: center(to).y }];
  const isBelow = to.y > from.y;
  return [{ x: center(from).x, y: isBelow ? from.y + from.h : from.y }, { x: center(to).x, y: isBelow ? to.y : to.y + to.h }];
}
