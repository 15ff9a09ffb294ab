// Curves of several runs in one picture.
import { ask } from "./http.js";
import { lines } from "./charts.js";

const place = document.getElementById("compare");
const runs = await Promise.all(place.dataset.runs.split(" ").map((id) => ask(`/api/jobs/${id}/curves`)));
const arms = runs.flatMap((run) => run.arms.map((arm) => ({ ...arm, name: `${run.name}: ${arm.name}` })));
for (const [id, title] of [["pfs", "Progression-free survival"], ["os", "Overall survival"]]) {
  lines(document.getElementById(id), { title, x: "months", y: "share", yhigh: 1, caption: "Kaplan-Meier estimates.",
    series: arms.map((arm, color) => ({ name: arm.name, color, step: true, short: true, x: arm.curves[id].month, y: arm.curves[id].survival })) });
}
