// A scan desk: a side is looked at large, turned over with the arrows; a small image that is still on its way is
// asked for again until it is there.
(() => {
  const AGAIN_MS = 700;
  const MOST = 40;
  const dialog = document.getElementById("large");
  const image = dialog.querySelector("img");
  let open = null; // where the side that is shown large lies: the piece may be drawn anew meanwhile

  const sides = () => [...document.querySelectorAll("a[data-large]")];

  function show(link) {
    open = link.getAttribute("href");
    image.removeAttribute("src"); // not the side before under the name of this one
    image.src = open;
    image.alt = dialog.querySelector("[data-name]").textContent = link.querySelector("img").alt;
    if (!dialog.open) dialog.showModal();
  }

  function turn(step) {
    const all = sides();
    const next = all[all.findIndex((link) => link.getAttribute("href") === open) + step];
    if (next) show(next);
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-large]");
    if (link) { event.preventDefault(); show(link); }
    if (event.target === dialog || event.target.closest?.("[data-shut]")) dialog.close();
  });
  dialog.addEventListener("close", () => sides().find((link) => link.getAttribute("href") === open)?.focus());
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (dialog.open && step) { event.preventDefault(); event.stopPropagation(); turn(step); }
  }, true);
  document.addEventListener("error", (event) => {
    const late = event.target;
    const tries = Number(late.dataset?.tries ?? 0);
    if (!late.matches?.(".side img") || tries >= MOST) return;
    late.dataset.tries = tries + 1;
    const src = late.getAttribute("src").replace(/&again=\d+$/, "");
    setTimeout(() => { late.src = `${src}&again=${tries + 1}`; }, AGAIN_MS);
  }, true);
})();
