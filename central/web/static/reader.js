// A dossier page by page. The next pages are fetched before they are turned to; of a thousand pages only a few are held.
(() => {
  const AHEAD = 4;
  const root = document.getElementById("reader");
  let heard = 0; // how often it was heard that something of this dossier changed
  const told = ([id, width, height, document_, version, isTurning]) => ({ id, width, height, document: document_, version, isTurning, heard });
  const pages = JSON.parse(root.dataset.pages).map(told);
  const side = root.querySelector(".reader-side");
  const panes = [...root.querySelectorAll(".pane")];
  const at = [Math.max(0, pages.findIndex((page) => String(page.id) === root.dataset.at)), 0];
  const number = document.getElementById("page-number");
  const turning = document.getElementById("turning");
  const refusal = document.getElementById("turn-refused");
  const unturn = document.getElementById("unturn");
  const turns = []; // numbers of the changes that were made here, the last one last
  const fetched = new Map();
  let active = 0;
  let found = new Map();

  const url = (page) => `/edossiers/pages/${page.id}/image?v=${page.version}`;

  function ahead(index) {
    for (const next of [1, 2, -1, ...Array.from({ length: AHEAD }, (_, i) => i + 3)]) {
      const page = pages[index + next];
      if (page?.version && !fetched.has(page.id)) { const image = new Image(); image.src = url(page); fetched.set(page.id, image); }
    }
    for (const id of [...fetched.keys()].slice(0, Math.max(0, fetched.size - 24))) fetched.delete(id);
  }

  function marks(pane, page) {
    const layer = pane.querySelector(".marks");
    layer.replaceChildren(...(found.get(page.id) ?? []).map(([left, top, width, height]) => {
      const mark = document.createElement("span");
      Object.assign(mark.style, { left: `${left * 100}%`, top: `${top * 100}%`, width: `${width * 100}%`, height: `${height * 100}%` });
      return mark;
    }));
  }

  /** Asks how a page stands if something changed since it was told of; what is shown of it is drawn anew. */
  async function look(page) {
    if (page.heard === heard) return;
    const asked = (page.heard = heard);
    const answer = await fetch(`/edossiers/pages/${page.id}`).catch(() => null);
    if (!answer?.ok) return;
    const now = told(await answer.json());
    if (page.heard !== asked) return; // it has been asked again, and that answer is newer
    if (now.version !== page.version) { fetched.delete(page.id); found.delete(page.id); }
    Object.assign(page, now, { heard: asked });
    panes.forEach((pane, which) => { if (!pane.hidden && pages[at[which]] === page) show(which); });
  }

  function changed() {
    heard += 1;
    panes.forEach((pane, which) => { if (!pane.hidden) look(pages[at[which]]); });
  }

  /** Has a page turned, or that taken back; gives what was answered, or null. */
  async function send(path, fields) {
    const headers = { "X-CSRF": document.querySelector("meta[name=csrf]").content, "Content-Type": "application/json" };
    const url = `/api/v1/cases/${root.dataset.case}/${path}`;
    const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(fields) }).catch(() => null);
    if (answer?.status === 401) { location.reload(); return null; } // where one signs in again
    const said = await answer?.json().catch(() => null);
    refusal.textContent = answer?.ok ? "" : said?.error.message ?? "";
    if (!said) document.dispatchEvent(new Event("not-sent"));
    if (answer?.status === 409 && !path.endsWith("turn")) turns.length = 0; // others went on since
    return answer?.ok ? said : null;
  }

  async function lay(to) {
    const page = pages[at[active]];
    const made = await send(`documents/${page.document}/turn`, { to, page: page.id });
    if (made) turns.push(made.change);
    unturn.hidden = !turns.length;
  }

  async function layBack() {
    if (await send("catalogue/undo", { change: turns.at(-1) })) turns.pop();
    unturn.hidden = !turns.length;
  }

  function show(which = active) {
    const page = pages[at[which]];
    look(page);
    const pane = panes[which];
    const image = pane.querySelector("img");
    image.src = url(page);
    image.alt = `${at[which] + 1} / ${pages.length}`;
    const sheet = pane.querySelector(".sheet-of-paper");
    sheet.style.aspectRatio = `${page.width} / ${page.height}`;
    sheet.style.setProperty("--ratio", page.width / page.height);
    marks(pane, page);
    panes.forEach((each, index) => each.classList.toggle("is-active", index === active && !panes[1].hidden));
    if (which !== active) return;
    number.value = at[which] + 1;
    turning.textContent = page.isTurning ? turning.dataset.said : "";
    let here = null;
    for (const entry of root.querySelectorAll(".toc-doc")) {
      const is = Number(entry.dataset.document) === page.document;
      entry.classList.toggle("is-here", is);
      if (is) { here = entry; entry.setAttribute("aria-current", "true"); } else entry.removeAttribute("aria-current");
    }
    document.getElementById("page-of").textContent = here?.querySelector(".legal").textContent ?? "";
    if (here && !found.size) intoSight(here); // what was found stays in sight
    history.replaceState(null, "", `?page=${page.id}`);
    ahead(at[which]);
  }

  /** Scrolls the side alone: the page stays where its reader has it. */
  function intoSight(entry) {
    const [at_, of] = [entry.getBoundingClientRect(), side.getBoundingClientRect()];
    side.scrollTop += Math.min(0, at_.top - of.top) + Math.max(0, at_.bottom - of.bottom);
  }

  function turn(to) {
    at[active] = Math.min(pages.length - 1, Math.max(0, to));
    refusal.textContent = "";
    panes[active].scrollTo({ top: 0 });
    show();
  }

  function beside() {
    panes[1].hidden = !panes[1].hidden;
    document.getElementById("beside").setAttribute("aria-pressed", String(!panes[1].hidden));
    if (panes[1].hidden) { active = 0; } else { at[1] = Math.min(pages.length - 1, at[0] + 1); active = 1; show(0); }
    show();
  }

  function zoom() {
    const large = root.classList.toggle("is-large");
    document.getElementById("zoom").setAttribute("aria-pressed", String(large));
  }

  async function find(words) {
    const hits = document.getElementById("in-hits");
    found = new Map();
    hits.replaceChildren();
    side.scrollTop = 0;
    if (words) {
      const answer = await fetch(`/edossiers/${root.dataset.case}/found?q=${encodeURIComponent(words)}`);
      const all = answer.ok ? await answer.json() : [];
      const order = new Map(pages.map((page, index) => [page.id, index]));
      const list = all.filter((hit) => order.has(hit.page)).sort((a, b) => order.get(a.page) - order.get(b.page));
      for (const hit of list) found.set(hit.page, hit.boxes);
      hits.textContent = list.length ? hits.dataset.many.replace("{n}", list.length) : hits.dataset.none;
      for (const hit of list) hits.appendChild(entry(hit, order.get(hit.page)));
      if (list.length && !found.has(pages[at[active]].id)) turn(order.get(list[0].page));
    }
    show(0);
    if (!panes[1].hidden) show(1);
  }

  function entry(hit, index) {
    const button = document.createElement("button");
    button.className = "toc-hit legal";
    const mark = document.createElement("mark");
    mark.textContent = hit.found;
    button.append(`${index + 1}  …${hit.before.slice(-8)}`, mark, `${hit.after.slice(0, 12)}…`);
    button.addEventListener("click", () => turn(index));
    return button;
  }

  const KEYS = {
    ArrowLeft: () => turn(at[active] - 1), ArrowRight: () => turn(at[active] + 1),
    PageUp: () => turn(at[active] - 1), PageDown: () => turn(at[active] + 1),
    Home: () => turn(0), End: () => turn(pages.length - 1), z: zoom, s: beside,
    t: () => document.getElementById("in-q").select(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.target.matches("input, select, textarea") || event.altKey) return;
    if ((event.ctrlKey || event.metaKey) && event.key === "z" && turns.length) { event.preventDefault(); layBack(); }
    if (event.ctrlKey || event.metaKey) return;
    const press = KEYS[event.key];
    if (press) { event.preventDefault(); event.stopPropagation(); press(); }
  }, true);
  for (const button of root.querySelectorAll("[data-go]")) button.addEventListener("click", () => turn(at[active] + Number(button.dataset.go)));
  for (const button of root.querySelectorAll("[data-turn]")) button.addEventListener("click", () => lay(button.dataset.turn));
  unturn?.addEventListener("click", layBack);
  for (const told_ of [`sse:edossier:${root.dataset.case}`, "again"]) document.body.addEventListener(told_, changed);
  panes.forEach((pane, index) => pane.addEventListener("click", () => { active = panes[1].hidden ? 0 : index; show(); }));
  document.getElementById("zoom").addEventListener("click", zoom);
  document.getElementById("beside").addEventListener("click", beside);
  document.getElementById("find-in").addEventListener("submit", (event) => { event.preventDefault(); find(document.getElementById("in-q").value.trim()); document.getElementById("panes").focus(); });
  number.addEventListener("change", () => { turn((parseInt(number.value, 10) || 1) - 1); document.getElementById("panes").focus(); });
  root.querySelector("nav").addEventListener("click", (event) => {
    const entry_ = event.target.closest(".toc-doc");
    if (entry_) turn(pages.findIndex((page) => page.document === Number(entry_.dataset.document)));
  });
  document.getElementById("page-count").textContent = pages.length;
  show();
  document.getElementById("panes").focus({ preventScroll: true });
  if (root.dataset.q) { document.getElementById("in-q").value = root.dataset.q; find(root.dataset.q); }
})();
