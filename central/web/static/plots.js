// Figures over time, drawn by uPlot into every [data-figure] of a [data-figures] place, and drawn anew as they change.
// The pointer on one plot shows that moment's figure above every one of them. Times are the court's, as on every page.
(() => {
  const place = document.querySelector("[data-figures]");
  if (!place) return;
  const plots = new Map();
  const ink = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const language = document.documentElement.lang;
  const timeZone = place.dataset.zone;
  const moment = new Intl.DateTimeFormat(language, { timeZone, dateStyle: "short", timeStyle: "short", hourCycle: "h23" });

  function drawn(box, at, values) {
    const size = { width: box.clientWidth, height: 150 };
    const axis = { stroke: ink("--away"), grid: { stroke: ink("--away-ground") }, ticks: { stroke: ink("--away-edge") } };
    const options = {
      ...size,
      legend: { show: false },
      padding: [null, 44, null, null],
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), timeZone),
      cursor: { y: false, sync: { key: "figures" } },
      hooks: { setCursor: [say] },
      axes: [{ ...axis, values: "{MM}-{DD} {HH}:{mm}", space: 90 }, { ...axis, size: 64 }],
      series: [{}, { stroke: ink("--waiting"), width: 2, spanGaps: false, points: { show: at.length < 40 } }],
      scales: { x: { range: (plot, first, last) => (plot.data[0].length < 2 ? [first - 1800, first + 1800] : [first, last]) }, y: { range: (_, least, most) => (least === most ? [least - 1, most + 1] : [Math.min(0, least * 1.05), Math.max(0, most * 1.05)]) } },
    };
    return new uPlot(options, [at, values], box);
  }

  function say(plot) {
    const [at, values] = plot.data;
    const pointed = plot.cursor.idx;
    const index = pointed ?? values.findLastIndex((value) => value !== null);
    const card = plot.root.closest("[data-figure-card]");
    card.querySelector("[data-at]").textContent = pointed == null ? "" : moment.format(at[index] * 1000);
    card.querySelector("[data-last]").textContent = values[index]?.toLocaleString(language, { maximumFractionDigits: 3, signDisplay: "negative" }) ?? "";
  }

  function show(told) {
    place.dataset.drawn = told.at.length;
    for (const box of place.querySelectorAll("[data-figure]")) {
      const card = box.closest("[data-figure-card]");
      const given = told.figures[box.dataset.figure];
      card.hidden = !given;
      if (!given) continue;
      const values = given.map((value) => (value === null ? null : value * Number(box.dataset.times)));
      const known = plots.get(box);
      if (known) known.setData([told.at, values]);
      else plots.set(box, drawn(box, told.at, values));
      say(plots.get(box));
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
