// Keeps the state of runs up to date, and the buttons of one run.
import { ask } from "./http.js";

const job = document.getElementById("job");
const moving = (state) => state === "queued" || state === "running";

async function look() {
  if (job) {
    const found = await ask(`/api/jobs/${job.dataset.job}`).catch(() => null);
    if (found && found.state !== job.dataset.state) { location.reload(); return; }
    if (found) {
      const left = found.seconds_left === null ? "" : `, about ${found.seconds_left < 90 ? `${Math.ceil(found.seconds_left)} s` : `${Math.ceil(found.seconds_left / 60)} min`} left`;
      job.querySelector(".status").textContent = `${found.state}: ${found.step}, ${(100 * found.share).toFixed(0)} %${left}`;
      const bar = job.querySelector("progress");
      if (bar) bar.value = found.share;
    }
  } else {
    const { jobs } = await ask("/api/jobs").catch(() => ({ jobs: [] }));
    for (const one of jobs) {
      const row = document.querySelector(`tr[data-job="${one.id}"]`);
      if (!row) continue;
      row.querySelector(".state").textContent = one.state === "running" ? `running ${(100 * one.share).toFixed(0)} %` : one.state;
      row.querySelector("input").disabled = one.state !== "done";
      row.dataset.state = one.state;
    }
  }
  const states = job ? [job.dataset.state] : [...document.querySelectorAll("tr[data-state]")].map((row) => row.dataset.state);
  if (states.some(moving)) setTimeout(look, 1000);
}
look();

job?.addEventListener("click", async (event) => {
  const wanted = event.target.dataset?.do;
  if (!wanted) return;
  event.target.disabled = true;
  try {
    if (wanted === "remove") { await ask(`/api/jobs/${job.dataset.job}`, { method: "DELETE" }); location.href = "/runs"; return; }
    await ask(`/api/jobs/${job.dataset.job}/${wanted}`, { method: "POST", body: {} });
    location.reload();
  } catch (error) { job.querySelector(".status").textContent = error.message; event.target.disabled = false; }
});
