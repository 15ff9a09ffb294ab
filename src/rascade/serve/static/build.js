// The page that builds a trial: the study is the state, the form and the file are its two faces.
import { ask, Refused } from "./http.js";
import { bars, lines, node, ranked } from "./charts.js";

const at = (id) => document.getElementById(id);
const client = Math.random().toString(36).slice(2);
let study = JSON.parse(at("first-study").textContent);
let turn = 0, timer = null, going = null, kept = null, last = null, sliders = [], sticky = false;

// -- the study in the address, so that a link restores it ------------------------------------------
function toAddress(value) {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
function fromAddress(text) {
  const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(raw, (c) => c.charCodeAt(0))));
}

const LONGEST_LINK = 60_000;
function toLink() {
  const link = `#study=${toAddress(study)}`;
  history.replaceState(null, "", link.length < LONGEST_LINK ? link : "#");
}

// -- form from study, study from form --------------------------------------------------------------
function fill() {
  at("name").value = study.name;
  at("line").value = study.cohort.line;
  at("size").value = study.cohort.size;
  at("months").value = study.follow_up_months;
  at("weeks").value = study.imaging_every_weeks;
  at("seed").value = study.seed;
  at("eligibility").value = (study.cohort.eligibility || []).join("\n");
  const focused = document.activeElement?.id;
  at("arms").replaceChildren(...study.arms.map(armForm));
  at("own").replaceChildren(...(study.drugs || []).map((drug, k) => own(`Drug ${drug.name}, like ${drug.like}`, () => { study.drugs.splice(k, 1); if (!study.drugs.length) delete study.drugs; })),
    ...(study.cohort.patients ? [own(`${study.cohort.patients.length} patients of your own`, () => { delete study.cohort.patients; })] : []));
  at("parameters").replaceChildren(...Object.keys(study.parameters || {}).map(parameterForm));
  if (focused && at(focused)) at(focused).focus();
}

function own(text, remove) {
  const button = node("button", { type: "button", "aria-label": `Remove ${text}` }, "Remove");
  button.addEventListener("click", () => { remove(); fill(); readOrders(); changed(); });
  return node("li", {}, `${text} `, button);
}

function armForm(arm, index) {
  const name = node("input", { id: `arm-${index}-name`, value: arm.name, maxlength: 60 });
  const orders = node("textarea", { id: `arm-${index}-orders`, rows: 2, spellcheck: "false", "aria-describedby": `arm-${index}-told` });
  orders.value = arm.regimen;
  const told = node("p", { id: `arm-${index}-told`, class: "note", role: "status" });
  const doses = node("div", { id: `arm-${index}-doses` });
  const remove = node("button", { type: "button", id: `arm-${index}-remove` }, `Remove ${arm.name}`);
  remove.disabled = study.arms.length < 2;
  name.addEventListener("change", () => { renamed(arm, name.value.trim()); changed(); });
  orders.addEventListener("input", () => { arm.regimen = orders.value; changed({ orders: index }); });
  remove.addEventListener("click", () => { study.arms.splice(index, 1); if (!study.arms.some((a) => a.name === study.reference)) delete study.reference; fill(); changed(); readOrders(); });
  return node("fieldset", { class: `c${index % 6}` }, node("legend", {}, `Arm ${index + 1}`), node("label", {}, "Name ", name),
    node("label", {}, "Orders ", orders), told, doses, node("div", { class: "buttons" }, remove));
}

function renamed(arm, name) {
  if (!name) return;
  if (study.reference === arm.name) study.reference = name;
  arm.name = name;
}

// A slider for each dose that stands in the orders; what it moves is the text, as a user would.
async function readOrders() {
  await Promise.all(study.arms.map(async (arm, index) => {
    const told = at(`arm-${index}-told`), field = at(`arm-${index}-orders`), doses = at(`arm-${index}-doses`);
    if (!told) return;
    if (arm.regimen.trim() === "none") { told.textContent = "no treatment"; doses.replaceChildren(); return; }
    const found = await ask("/api/orders", { method: "POST", body: { text: arm.regimen, drugs: study.drugs || [] } }).catch((error) => ({ ok: false, message: error.message, position: null }));
    if (!at(`arm-${index}-told`)) return;
    field.classList.toggle("invalid", !found.ok);
    field.setAttribute("aria-invalid", String(!found.ok));
    told.textContent = found.ok ? "" : found.position === null ? found.message : `At character ${found.position + 1}: ${found.message}`;
    if (found.ok && doses.dataset.of !== found.orders.map((o) => o.drug).join("+")) {
      doses.dataset.of = found.orders.map((o) => o.drug).join("+");
      doses.replaceChildren(...found.orders.map((order, k) => doseSlider(index, k, order)));
    }
  }));
}

function doseSlider(index, k, order) {
  const id = `arm-${index}-dose-${k}`, start = order.dose;
  const shown = node("output", { for: id }, `${order.dose} ${order.unit}`);
  const slider = node("input", { id, type: "range", min: 0.1, max: 2, step: 0.05, value: 1, "aria-valuetext": `${order.dose} ${order.unit}` });
  let now = start;
  slider.addEventListener("input", () => {
    const arm = study.arms[index], wanted = Number((start * slider.value).toPrecision(3));
    arm.regimen = replaced(arm.regimen, order, now, wanted);
    now = wanted;
    shown.textContent = `${wanted} ${order.unit}`;
    slider.setAttribute("aria-valuetext", shown.textContent);
    at(`arm-${index}-orders`).value = arm.regimen;
    changed({ quiet: true });
  });
  return node("label", {}, `${order.drug} `, shown, slider);
}

function replaced(text, order, before, after) {
  const escaped = `${order.drug}`.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return text.replace(new RegExp(`(${escaped}\\s+)${String(before).replace(".", "\\.")}(?=\\s)`, "i"), `$1${after}`);
}

function parameterForm(name) {
  const id = `parameter-${name}`, value = study.parameters[name];
  const known = sliders.find((row) => row.name === name);
  const from = known ? known.value : value;
  const shown = node("output", { for: id }, String(Number(value.toPrecision(3))));
  const slider = node("input", { id, type: "range", min: -1, max: 1, step: 0.05, value: from > 0 && value > 0 ? Math.log2(value / from) / 3 : 0 });
  slider.addEventListener("input", () => {
    study.parameters[name] = Number((from * 2 ** (3 * slider.value)).toPrecision(4));
    shown.textContent = String(Number(study.parameters[name].toPrecision(3)));
    changed({ quiet: true });
  });
  const remove = node("button", { type: "button" }, `Remove ${name}`);
  remove.addEventListener("click", () => { delete study.parameters[name]; fill(); changed(); });
  return node("div", {}, node("label", {}, `${name} `, shown, known ? ` ${known.unit}, ${known.description}` : "", slider), remove);
}

for (const [id, take] of [
  ["name", (v) => { study.name = v; }], ["line", (v) => { study.cohort.line = Number(v); }],
  ["size", (v) => { study.cohort.size = Number(v); }], ["months", (v) => { study.follow_up_months = Number(v); }],
  ["weeks", (v) => { study.imaging_every_weeks = Number(v); }], ["seed", (v) => { study.seed = Number(v); }],
  ["eligibility", (v) => { study.cohort.eligibility = v.split("\n").map((t) => t.trim()).filter(Boolean); count(); }],
]) at(id).addEventListener("input", () => { take(at(id).value); changed(); });

async function count() {
  const conditions = study.cohort.eligibility || [];
  try {
    const found = await ask("/api/eligibility", { method: "POST", body: { conditions } });
    at("eligible").textContent = `${(found.all / 10).toFixed(0)} % of virtual patients meet ${conditions.length ? "all of them" : "it: everybody does"}`
      + (conditions.length > 1 ? ` (one by one ${found.each.map((n) => `${(n / 10).toFixed(0)} %`).join(", ")})` : "");
  } catch (error) { at("eligible").textContent = error.message; }
}

// -- the live answer -------------------------------------------------------------------------------
function changed({ quiet = false, orders = null } = {}) {
  turn += 1; sticky = false;
  clearTimeout(timer);
  timer = setTimeout(() => { if (!quiet) readOrders(); answer(turn); }, quiet ? 30 : 250);
}

async function answer(mine) {
  going?.abort();
  going = new AbortController();
  const body = (more) => ({ study: live(), client, turn: mine, ...more });
  const post = (more) => ask("/api/live", { method: "POST", body: body(more), signal: going.signal });
  const began = performance.now();
  toLink();
  try {
    status("simulating …");
    const first = await post({ patients: 50, mode: "averaged" });
    if (mine !== turn) return;
    picture(first);
    const took = (performance.now() - began) / 1000;
    document.body.dataset.first = took.toFixed(3);
    document.body.dataset.turn = String(mine);
    status(`50 patients an arm, daily doses merged, in ${took.toFixed(2)} s; the exact picture is on its way …`);
    ask("/api/check", { method: "POST", body: { study } }).then((found) => { if (mine === turn) { at("text").value = found.text; warnings(found.check.warnings); } }).catch(refused);
    await new Promise((done) => { setTimeout(done, 400); });
    if (mine !== turn) return;
    const exact = await post({ patients: 100, mode: "exact" });
    if (mine !== turn) return;
    picture(exact);
    status(`100 patients an arm, exact, in ${exact.seconds.toFixed(1)} s; how well the population is known is on its way …`);
    closely(mine, going.signal);
    const spread = await post({ patients: 50, mode: "averaged", members: 8 });
    if (mine !== turn) return;
    picture(exact, spread);
    status("100 patients an arm, exact; bands: eight members of the population. Run it in full for a report.");
    document.body.dataset.done = String(mine);
  } catch (error) {
    if (error.name !== "AbortError" && error.status !== 409) refused(error);
  }
}

// What waits for patients to enter says nothing of how a course goes.
function live() {
  const copy = structuredClone(study);
  for (const key of ["accrual", "cut_off", "randomization"]) delete copy[key];
  return copy;
}

// One patient an arm, followed closely; nobody waits for it.
async function closely(mine, signal) {
  const arms = study.arms.map((arm) => arm.name);
  const found = await Promise.all(arms.map((_, arm) => ask("/api/course", { method: "POST", body: { study: live(), arm }, signal }).catch(() => null)));
  if (mine !== turn || found.every((one) => one === null)) return;
  const there = found.map((one, color) => ({ one, color })).filter(({ one }) => one !== null);
  const caption = `One virtual patient of the table (KRAS ${there[0].one.allele}), not of this trial's line; value over that before treatment.`;
  lines(at("engagement"), { title: "Target over a day", x: "hours of day 29", y: "RAS-GTP, of baseline", ylow: 0, xhigh: 24, caption,
    series: there.map(({ one, color }) => ({ name: arms[color], color, x: one.hour, y: one.target["RAS-GTP"] || [] })) });
  lines(at("cells"), { title: "Effector T cells in the tumour", x: "days", y: "of baseline", ylow: 0, xhigh: 56, caption,
    series: there.map(({ one, color }) => ({ name: arms[color], color, x: one.day, y: one.t_cells })) });
}

function status(text) { at("status").textContent = text; at("problem").hidden = !sticky; }
function refused(error) {
  at("problem").textContent = error instanceof Refused ? error.message : String(error);
  at("problem").hidden = false;
  at("status").textContent = "The picture below is of the last trial that was right.";
}
function warnings(texts) {
  if (texts.length) { at("problem").textContent = texts.join("\n"); at("problem").hidden = false; }
}

function picture(found, spread = null) {
  last = { found, spread };
  document.body.dataset.mode = found.mode;
  headline(found, spread);
  const all = [...found.arms.map((arm, color) => ({ arm, color, before: false })),
    ...(kept ? kept.arms.map((arm, color) => ({ arm: { ...arm, name: `A: ${arm.name}` }, color, before: true })) : [])];
  for (const [id, title] of [["pfs", "Progression-free survival"], ["os", "Overall survival"]]) {
    lines(at(id), { title, x: "months", y: "share", yhigh: 1, xhigh: study.follow_up_months,
      series: all.map(({ arm, color, before }) => {
        const band = !before && spread ? spread.arms[color]?.bands?.[id] : null;
        return { name: arm.name, color, before, step: true, x: arm.curves[id].month, y: arm.curves[id].survival, low: band?.low, high: band?.high, bx: band?.month };
      }) });
  }
  difference(found);
  bars(at("waterfall"), { title: "Best change of each tumour", y: "%", ylow: -100, yhigh: 100, caption: "Sum of diameters, each bar a patient; more than 100 % is cut.",
    groups: found.arms.map((arm, color) => ({ name: arm.name, color, values: arm.waterfall.filter((v) => v !== null) })) });
  lines(at("spider"), { title: "Tumours over time", x: "months", y: "change, %", ylow: -100, yhigh: 100, xhigh: Math.min(study.follow_up_months, 12), caption: "Forty patients an arm, first year; more than 100 % is cut.",
    series: found.arms.flatMap((arm, color) => [...arm.spider.map((one) => ({ name: arm.name, color, thin: true, x: one.month, y: one.change })), { name: arm.name, color, x: [], y: [] }]) });
  lines(at("pathway"), { title: "pERK in the tumour", x: "months", y: "of baseline", ylow: 0, caption: "Median of those who are still scanned, with quartiles: how patients differ.",
    series: found.arms.filter((arm) => arm.signals.of.pERK_rel).map((arm, color) => ({ name: arm.name, color, x: arm.signals.month, y: arm.signals.of.pERK_rel.median, low: arm.signals.of.pERK_rel.low, high: arm.signals.of.pERK_rel.high })) });
  effects(found);
}

// What moved against scenario A, arm by arm in their order.
function difference(found) {
  if (!kept) { at("difference").replaceChildren(); return; }
  const grid = Array.from({ length: 61 }, (_, k) => (study.follow_up_months * k) / 60);
  const of = (curve, month) => { let value = 1; curve.month.forEach((m, k) => { if (m !== null && m <= month && curve.survival[k] !== null) value = curve.survival[k]; }); return value; };
  const series = found.arms.slice(0, kept.arms.length).flatMap((arm, k) => ["pfs", "os"].map((end) => ({ name: `${arm.name}, ${end.toUpperCase()}`, color: 2 * k + (end === "os"),
    x: grid, y: grid.map((month) => 100 * (of(arm.curves[end], month) - of(kept.arms[k].curves[end], month))) })));
  const most = Math.max(5, ...series.flatMap((one) => one.y.map(Math.abs)));
  lines(at("difference"), { title: "Now less scenario A", x: "months", y: "percentage points", ylow: -most, yhigh: most, xhigh: study.follow_up_months, series,
    caption: "Share without progression (PFS) or alive (OS), of the same patients in both scenarios; above zero is better now." });
}

function effects(found) {
  const names = [...new Set(found.arms.flatMap((arm) => arm.side_effects.map((row) => row.event)))];
  const of = (arm, name) => arm.side_effects.find((row) => row.event === name);
  const rows = names.map((name) => ({ name, values: found.arms.map((arm) => ({ any: of(arm, name)?.any_pct || 0, severe: of(arm, name)?.grade3_pct || 0 })) }))
    .sort((a, b) => Math.max(...b.values.map((v) => v.any)) - Math.max(...a.values.map((v) => v.any))).slice(0, 8);
  if (rows.length) ranked(at("effects"), { title: "Side effects", caption: "Pale: any grade; full: grade 3 or more. The most frequent of each arm.", arms: found.arms.map((arm) => arm.name), rows });
  else at("effects").replaceChildren();
}

function headline(found, spread) {
  const cell = (value, digits = 1, limits = null) => (value === null ? "not reached" : value.toFixed(digits)) + (limits && limits.low90 !== null ? ` (${limits.low90.toFixed(digits)} to ${limits.high90 === null ? "not reached" : limits.high90.toFixed(digits)})` : "");
  const body = node("tbody");
  const row = (arm, k, label, before) => {
    const wide = !before && spread ? spread.arms[k] : null, contrast = (before ? kept : found).contrasts.find((c) => c.arm === arm.name);
    body.append(node("tr", {}, node("th", { scope: "row" }, label), node("td", { class: "num" }, String(arm.n)), node("td", { class: "num" }, cell(arm.orr_pct, 0, wide?.orr_pct)),
      node("td", { class: "num" }, cell(arm.median_months.pfs, 1, wide?.median_months.pfs)), node("td", { class: "num" }, cell(arm.median_months.os, 1, wide?.median_months.os)),
      node("td", { class: "num" }, contrast && contrast.pfs_hr !== null ? contrast.pfs_hr.toFixed(2) : ""), node("td", { class: "num" }, contrast && contrast.os_hr !== null ? contrast.os_hr.toFixed(2) : "")));
  };
  found.arms.forEach((arm, k) => row(arm, k, arm.name, false));
  kept?.arms.forEach((arm, k) => row(arm, k, `A: ${arm.name}`, true));
  const heads = ["arm", "patients", "ORR, %", "PFS, months", "OS, months", "HR of PFS", "HR of OS"];
  at("headline").replaceChildren(node("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "Read-outs" }, node("table", {}, node("thead", {}, node("tr", {}, ...heads.map((text) => node("th", { scope: "col" }, text)))), body)));
}

// -- buttons ---------------------------------------------------------------------------------------
at("add-arm").addEventListener("click", () => {
  const name = freeName("new arm");
  study.arms.unshift({ name, regimen: "daraxonrasib 300 mg PO QD + nivolumab 240 mg IV Q2W" });
  fill(); readOrders(); changed();
});
function freeName(wanted) { let name = wanted, k = 2; while (study.arms.some((arm) => arm.name === name)) { name = `${wanted} ${k}`; k += 1; } return name; }

at("published").addEventListener("input", async () => {
  const found = await ask(`/api/complete?text=${encodeURIComponent(at("published").value)}`).catch(() => null);
  if (found) at("published-arms").replaceChildren(...found.arms.map((value) => node("option", { value })));
});
at("add-published").addEventListener("click", async () => {
  try {
    const arm = await ask(`/api/arms/${encodeURIComponent(at("published").value.trim())}`);
    study.arms.unshift({ ...arm, name: freeName(arm.name) });
    fill(); readOrders(); changed();
  } catch (error) { refused(error); }
});
at("parameter").addEventListener("input", async () => {
  const found = await ask(`/api/parameters?text=${encodeURIComponent(at("parameter").value)}`).catch(() => null);
  if (found) { sliders = [...found.rows, ...sliders.filter((row) => !found.rows.some((r) => r.name === row.name))]; at("parameter-names").replaceChildren(...found.rows.map((row) => node("option", { value: row.name }, row.description))); }
});
at("add-parameter").addEventListener("click", () => {
  const row = sliders.find((one) => one.name === at("parameter").value.trim());
  if (!row) { refused(new Refused(0, `no parameter is called ${at("parameter").value.trim() || "so"}; type a part of its name and choose`)); return; }
  study.parameters = { ...study.parameters, [row.name]: row.value };
  fill(); changed();
});
at("run").addEventListener("click", async () => {
  at("run").disabled = true;
  try { const job = await ask("/api/jobs", { method: "POST", body: { study } }); location.href = `/runs/${job.id}`; }
  catch (error) { refused(error); at("run").disabled = false; }
});
at("share").addEventListener("click", async () => {
  const link = `${location.origin}/#study=${toAddress(study)}`;
  if (link.length >= LONGEST_LINK) { refused(new Refused(0, "Your own patients make this trial too large for a link; download the study file and send that.")); return; }
  try { await navigator.clipboard.writeText(link); status("The link is in the clipboard; it holds the whole trial."); }
  catch { at("problem").textContent = link; at("problem").hidden = false; }
});
at("keep").addEventListener("click", () => { if (last) { kept = last.found; at("drop").hidden = false; picture(last.found, last.spread); status("Scenario A is kept, dotted; move something."); } });
at("drop").addEventListener("click", () => { kept = null; at("drop").hidden = true; if (last) picture(last.found, last.spread); });
at("apply").addEventListener("click", () => take({ text: at("text").value }));
at("upload").addEventListener("change", async () => { const file = at("upload").files[0]; if (file) take({ text: await file.slice(0, 2 ** 20).text() }); });
for (const [id, place, take] of [
  ["own-drug", "/api/drugs", ({ drug }) => { study.drugs = [...(study.drugs || []).filter((one) => one.name !== drug.name), drug]; }],
  ["own-patients", "/api/patients", ({ patients }) => { study.cohort.patients = patients; study.cohort.size = patients.length; }],
]) at(id).addEventListener("change", async () => {
  const file = at(id).files[0];
  if (!file) return;
  try {
    take(await ask(place, { method: "POST", body: { text: await file.slice(0, 2 ** 20).text() } }));
    fill(); readOrders(); changed();
  } catch (error) { refused(error); }
  at(id).value = "";
});
at("download").addEventListener("click", () => {
  const link = node("a", { href: URL.createObjectURL(new Blob([at("text").value], { type: "application/yaml" })), download: "study.yaml" });
  link.click(); URL.revokeObjectURL(link.href);
});

async function take(body) {
  try {
    const found = await ask("/api/check", { method: "POST", body });
    study = found.study; at("text").value = found.text;
    toLink(); fill(); readOrders(); count(); changed();
  } catch (error) { refused(error); }
}

async function start() {
  const [kind, value] = location.hash.slice(1).split("=", 2);
  if (kind === "study" && value) {
    try { study = fromAddress(value); await ask("/api/check", { method: "POST", body: { study } }); }
    catch (error) { study = JSON.parse(at("first-study").textContent); fill(); refused(error instanceof Refused ? error : new Refused(0, "The link holds no trial; here is the example.")); sticky = true; }
  } else if (kind === "run" && value) {
    try { study = (await ask(`/api/jobs/${encodeURIComponent(value)}/study`)).study; } catch (error) { refused(error); }
  }
  fill(); readOrders(); count(); turn += 1; answer(turn);
}
start();
