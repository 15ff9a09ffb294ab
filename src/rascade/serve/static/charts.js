// Small charts as SVG: lines told apart by colour and dash, a table of the numbers below each.
const SVG = "http://www.w3.org/2000/svg";
const W = 420, H = 250, LEFT = 46, RIGHT = 10, TOP = 8, BOTTOM = 36;

export function node(name, attributes = {}, ...children) {
  const made = name.startsWith("svg:") ? document.createElementNS(SVG, name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== null) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

function nice(low, high, count = 5) {
  const span = high - low || 1;
  const rough = span / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((k) => k >= rough) || 10 * power;
  const ticks = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9; value += step) ticks.push(Number(value.toPrecision(12)));
  return ticks;
}

// series: [{name, color, x, y, step, low, high, thin, before}], limits of y, labels.
export function lines(target, { title, caption, x, y, series, ylow = 0, yhigh = null, xhigh = null }) {
  const known = series.flatMap((s) => [...s.y, ...(s.high || [])]).filter((v) => v !== null);
  const top = yhigh ?? Math.max(1e-9, ...known), bottom = ylow ?? Math.min(0, ...known);
  const last = xhigh ?? Math.max(1, ...series.flatMap((s) => s.x).filter((v) => v !== null));
  const px = (v) => LEFT + (v / last) * (W - LEFT - RIGHT);
  const py = (v) => H - BOTTOM - ((Math.min(Math.max(v, bottom), top) - bottom) / (top - bottom)) * (H - TOP - BOTTOM);
  const svg = node("svg:svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${title}. ${caption || ""}` });
  for (const tick of nice(bottom, top)) {
    svg.append(node("svg:line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: py(tick), y2: py(tick) }),
      node("svg:text", { x: LEFT - 6, y: py(tick) + 4, "text-anchor": "end" }, String(tick)));
  }
  for (const tick of nice(0, last, 6)) {
    svg.append(node("svg:text", { x: px(tick), y: H - BOTTOM + 15, "text-anchor": "middle" }, String(tick)));
  }
  svg.append(node("svg:line", { class: "axis", x1: LEFT, x2: W - RIGHT, y1: py(Math.max(bottom, Math.min(0, top))), y2: py(Math.max(bottom, Math.min(0, top))) }),
    node("svg:text", { x: (LEFT + W - RIGHT) / 2, y: H - 4, "text-anchor": "middle" }, x),
    node("svg:text", { x: 12, y: (TOP + H - BOTTOM) / 2, transform: `rotate(-90 12 ${(TOP + H - BOTTOM) / 2})`, "text-anchor": "middle" }, y));
  for (const s of series) {
    const group = node("svg:g", { class: `c${s.color % 6}` });
    if (s.low) group.append(band(s, px, py));
    if (s.y.length) group.append(node("svg:path", { class: `${s.thin ? "thin" : "line"} ${s.before ? "before" : `d${s.color % 6}`}`, d: path(s, px, py, last) }));
    svg.append(group);
  }
  show(target, title, svg, series.filter((s) => !s.thin && s.y.length), caption, numbers(x, series));
}

function path(s, px, py, last) {
  let text = "", before = null, open = false;
  s.x.forEach((x, k) => {
    const value = s.y[k];
    if (x === null || value === null) { open = false; return; }
    if (!open) text += `M${px(x).toFixed(1)} ${py(value).toFixed(1)}`;
    else text += s.step ? `H${px(x).toFixed(1)}V${py(value).toFixed(1)}` : `L${px(x).toFixed(1)} ${py(value).toFixed(1)}`;
    open = true; before = value;
  });
  if (s.step && before !== null && !s.short) text += `H${px(last).toFixed(1)}`;
  return text;
}

function band(s, px, py) {
  const there = s.bx || s.x;
  const keep = there.map((x, k) => k).filter((k) => s.low[k] !== null && s.high[k] !== null);
  const up = keep.map((k) => `${px(there[k]).toFixed(1)} ${py(s.high[k]).toFixed(1)}`);
  const down = keep.slice().reverse().map((k) => `${px(there[k]).toFixed(1)} ${py(s.low[k]).toFixed(1)}`);
  return node("svg:path", { class: "band", d: keep.length ? `M${up.join("L")}L${down.join("L")}Z` : "" });
}

// groups: [{name, color, values}], bars from zero, each group beside the other.
export function bars(target, { title, caption, y, groups, ylow, yhigh }) {
  const shown = groups.filter((g) => g.values.length);
  const px = (k, n, g) => LEFT + ((W - LEFT - RIGHT) * (g + k / n)) / shown.length;
  const py = (v) => TOP + ((yhigh - Math.min(Math.max(v, ylow), yhigh)) / (yhigh - ylow)) * (H - TOP - BOTTOM);
  const svg = node("svg:svg", { viewBox: `0 0 ${W} ${H}`, role: "img", "aria-label": `${title}. ${caption || ""}` });
  for (const tick of nice(ylow, yhigh)) svg.append(node("svg:line", { class: "grid", x1: LEFT, x2: W - RIGHT, y1: py(tick), y2: py(tick) }),
    node("svg:text", { x: LEFT - 6, y: py(tick) + 4, "text-anchor": "end" }, String(tick)));
  shown.forEach((group, g) => {
    const wide = Math.max(0.5, ((W - LEFT - RIGHT) / shown.length / (group.values.length + 1)) * 0.85);
    const part = node("svg:g", { class: `c${group.color % 6}` });
    group.values.forEach((value, k) => part.append(node("svg:rect", { class: "bar", x: px(k, group.values.length + 1, g).toFixed(1), width: wide.toFixed(2),
      y: Math.min(py(value), py(0)).toFixed(1), height: Math.max(0.5, Math.abs(py(value) - py(0))).toFixed(1) })));
    svg.append(part, node("svg:text", { x: px(group.values.length / 2, group.values.length + 1, g), y: H - BOTTOM + 16, "text-anchor": "middle" }, short(group.name, shown.length)));
  });
  svg.append(node("svg:line", { class: "axis", x1: LEFT, x2: W - RIGHT, y1: py(0), y2: py(0) }),
    node("svg:text", { x: 12, y: (TOP + H - BOTTOM) / 2, transform: `rotate(-90 12 ${(TOP + H - BOTTOM) / 2})`, "text-anchor": "middle" }, y));
  show(target, title, svg, shown, caption, null);
}

// rows: [{name, values: [{any, severe}] by arm}], horizontal bars.
export function ranked(target, { title, caption, arms, rows }) {
  const left = 128, line = 10, gap = 8, each = arms.length * line + gap;
  const high = Math.max(60, rows.length * each + 34);
  const px = (v) => left + (v / 100) * (W - left - RIGHT);
  const svg = node("svg:svg", { viewBox: `0 0 ${W} ${high}`, role: "img", "aria-label": `${title}. ${caption || ""}` });
  for (const tick of [0, 25, 50, 75, 100]) svg.append(node("svg:line", { class: "grid", x1: px(tick), x2: px(tick), y1: 4, y2: high - 28 }),
    node("svg:text", { x: px(tick), y: high - 14, "text-anchor": "middle" }, String(tick)));
  rows.forEach((row, r) => {
    svg.append(node("svg:text", { x: left - 6, y: 8 + r * each + (arms.length * line) / 2 + 4, "text-anchor": "end" }, row.name.length > 22 ? `${row.name.slice(0, 21)}…` : row.name));
    row.values.forEach((value, k) => svg.append(node("svg:g", { class: `c${k % 6}` },
      node("svg:rect", { class: "bar pale", x: left, y: 8 + r * each + k * line, width: Math.max(0, px(value.any) - left), height: line - 2 }),
      node("svg:rect", { class: "bar", x: left, y: 8 + r * each + k * line, width: Math.max(0, px(value.severe) - left), height: line - 2 }))));
  });
  svg.append(node("svg:text", { x: (left + W) / 2, y: high - 1, "text-anchor": "middle" }, "% of patients"));
  show(target, title, svg, arms.map((name, color) => ({ name, color })), caption, null);
}

function short(name, count) { const most = Math.floor(62 / count); return name.length > most ? `${name.slice(0, most - 1)}…` : name; }

function numbers(x, series) {
  const told = series.filter((s) => !s.thin && s.y.length);
  if (!told.length) return null;
  const body = node("tbody");
  for (const s of told) {
    const step = Math.max(1, Math.ceil(s.x.length / 10));
    s.x.forEach((at, k) => { if (k % step === 0 && s.y[k] !== null) body.append(node("tr", {}, node("th", { scope: "row" }, s.name), node("td", {}, at === null ? "" : at.toFixed(1)), node("td", {}, s.y[k].toFixed(2)))); });
  }
  return node("details", {}, node("summary", {}, "Numbers"), node("table", {},
    node("thead", {}, node("tr", {}, node("th", { scope: "col" }, "arm"), node("th", { scope: "col" }, x), node("th", { scope: "col" }, "value"))), body));
}

function show(target, title, svg, named, caption, table) {
  const open = target.querySelector("details")?.open;
  const key = node("ul", { class: "key" });
  for (const s of named) key.append(node("li", { class: `c${s.color % 6}` }, node("svg:svg", { viewBox: "0 0 26 10", "aria-hidden": "true" },
    node("svg:line", { class: `line ${s.before ? "before" : `d${s.color % 6}`}`, x1: 1, x2: 25, y1: 5, y2: 5 })), ` ${s.name}`));
  if (table && open) table.open = true;
  target.replaceChildren(node("h2", {}, title), key, svg, ...[caption && node("figcaption", {}, caption), table].filter(Boolean));
}
