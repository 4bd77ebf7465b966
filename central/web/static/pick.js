// Picking boxes and devices on the map: how many are picked, all that are shown, a stretch by Shift, and what was
// picked stays so when the map is drawn anew. Arrows walk from one to the next, the space bar picks. All that
// send come disabled: Enter on a box presses none before this runs.
(() => {
  const bar = document.getElementById("picking");
  if (!bar) return;
  const dialog = document.querySelector("dialog.ask");
  const all = () => [...bar.closest("form").querySelectorAll("input[name=picked]")];
  let last = null; // where a stretch begins
  let kept = [];

  function count() {
    const picked = all().filter((each) => each.checked);
    const devices = picked.filter((each) => each.value.includes("/")).length;
    bar.querySelector("[data-boxes]").textContent = picked.length - devices;
    bar.querySelector("[data-devices]").textContent = devices;
    for (const button of bar.closest("form").querySelectorAll("button:not([data-all], [data-shut])")) button.disabled = !picked.length;
  }

  function pick(which, checked) {
    for (const each of which) each.checked = checked;
    count();
  }

  bar.closest("form").addEventListener("click", (event) => {
    if (event.target.matches("input[name=picked]")) {
      const shown = all();
      const [from, to] = [shown.findIndex((each) => each.id === last), shown.indexOf(event.target)].sort((a, b) => a - b);
      // A stretch of boxes leaves the devices between them alone, and the other way round.
      const alike = (each) => each.value.includes("/") === event.target.value.includes("/");
      if (event.shiftKey && from >= 0) pick(shown.slice(from, to + 1).filter(alike), event.target.checked);
      last = event.target.id;
      count();
    } else if (event.target.closest("[data-all]")) {
      pick(all().filter((each) => !each.value.includes("/")), true);
    } else if (event.target.closest("[data-none]")) {
      pick(all(), false);
    } else if (event.target.closest("[data-ask]")) {
      dialog.showModal();
    } else if (event.target.closest("[data-shut]")) {
      dialog.close();
    }
  });
  // Enter on a box would press whichever button stands first.
  bar.closest("form").addEventListener("keydown", (event) => { if (event.key === "Enter" && event.target.matches("input")) event.preventDefault(); });
  document.addEventListener("htmx:beforeSwap", () => { kept = all().filter((each) => each.checked).map((each) => each.id); });
  document.addEventListener("htmx:afterSwap", () => pick(all().filter((each) => kept.includes(each.id)), true));
  count();
})();
