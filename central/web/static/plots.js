// Figures over time, drawn by uPlot into every [data-figure] of a [data-figures] place, and drawn anew as they change.
(() => {
  const place = document.querySelector("[data-figures]");
  if (!place) return;
  const plots = new Map();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const zh = document.documentElement.lang.startsWith("zh");

  function drawn(box, at, values) {
    const size = { width: box.clientWidth, height: 150 };
    const axis = { stroke: ink("--away"), grid: { stroke: ink("--away-ground") }, ticks: { stroke: ink("--away-edge") } };
    const options = {
      ...size,
      legend: { show: false },
      cursor: { y: false },
      axes: [{ ...axis, values: zh ? "{MM}-{DD} {HH}:{mm}" : undefined, space: 90 }, { ...axis, size: 64 }],
      series: [{}, { stroke: ink("--waiting"), width: 2, spanGaps: false, points: { show: at.length < 40 } }],
      scales: { x: { range: (plot, first, last) => (plot.data[0].length < 2 ? [first - 1800, first + 1800] : [first, last]) }, y: { range: (_, least, most) => (least === most ? [least - 1, most + 1] : [Math.min(0, least * 1.05), Math.max(0, most * 1.05)]) } },
    };
    return new uPlot(options, [at, values], box);
  }

  function show(told) {
    place.dataset.drawn = told.at.length;
    for (const box of place.querySelectorAll("[data-figure]")) {
      const values = told.figures[box.dataset.figure];
      box.closest("[data-figure-card]").hidden = !values;
      if (!values) continue;
      const last = box.closest("[data-figure-card]").querySelector("[data-last]");
      const newest = values.findLast((value) => value !== null);
      last.textContent = newest === undefined ? "" : newest.toLocaleString(document.documentElement.lang, { maximumFractionDigits: 2, signDisplay: "negative" });
      const known = plots.get(box);
      if (known) known.setData([told.at, values]);
      else plots.set(box, drawn(box, told.at, values));
    }
  }

  async function fetched() {
    const answer = await fetch(place.dataset.figures);
    if (answer.ok) show(await answer.json());
  }

  document.body.addEventListener("again", fetched);
  for (const topic of (place.dataset.topics ?? "").split(" ")) document.body.addEventListener(`sse:${topic}`, fetched);
  addEventListener("resize", () => { for (const [box, plot] of plots) plot.setSize({ width: box.clientWidth, height: 150 }); });
  setInterval(fetched, 60000);
  fetched();
})();
