// A room live: the level of each seat, who speaks, and words under the seat that says them. What comes is shown and
// kept nowhere. Windows that show the same hearing share one stream; a hidden one lets go of it.
(() => {
  const seats = document.getElementById("seats");
  if (!seats) return;
  const SPEAKS_DB = -40;
  const QUIET_MS = 1200;
  const SILENT_MS = 4000;
  const SHOWN = 3;
  const spoke = new Map();
  const unheard = document.getElementById("unheard");
  let source = null;
  let silence = 0;

  function seat(name) {
    let found = seats.querySelector(`:scope > [data-seat="${CSS.escape(name)}"]`);
    if (!found) {
      found = document.getElementById("seat-template").content.firstElementChild.cloneNode(true);
      found.dataset.seat = name;
      found.querySelector("[data-role]").textContent = name;
      seats.append(found);
    }
    return found;
  }

  function show(one, db, speaks) {
    one.querySelector("meter").value = Math.max(-60, Math.min(0, db));
    one.classList.toggle("is-speaking", speaks);
    one.querySelector("[data-speaks]").hidden = !speaks;
  }

  // What says nothing more (a seat whose microphone went, a room that is off) does not keep its last level.
  function fall(heard) {
    for (const one of seats.querySelectorAll(":scope > [data-seat]"))
      if (!(one.dataset.seat in heard)) show(one, -60, false);
    unheard.hidden = Object.keys(heard).length > 0;
  }

  function levels(event) {
    const now = Date.now();
    const heard = JSON.parse(event.data).seats;
    for (const [name, db] of Object.entries(heard)) {
      if (db > SPEAKS_DB) spoke.set(name, now);
      show(seat(name), db, now - (spoke.get(name) ?? 0) < QUIET_MS);
    }
    fall(heard);
    clearTimeout(silence);
    silence = setTimeout(fall, SILENT_MS, {});
  }

  function caption(event) {
    const { seat: name, spoken, text } = JSON.parse(event.data);
    const one = seat(name);
    const packed = text.replace(/(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])/g, "");
    one.querySelector(".saying").textContent = spoken === "partial" ? packed : "";
    if (spoken !== "final" || !packed) return;
    const said = one.querySelector(".said");
    const line = document.createElement("div");
    line.textContent = packed;
    said.append(line);
    while (said.children.length > SHOWN) said.firstElementChild.remove();
  }

  function connect() {
    if (source || document.hidden) return;
    source = openStream(seats.dataset.stream);
    source.onopen = () => { seats.dataset.live = "on"; };
    source.addEventListener("levels", levels);
    source.addEventListener("captions", caption);
    source.onerror = () => {
      delete seats.dataset.live;
      if (source?.readyState === EventSource.CLOSED) { rest(); setTimeout(connect, 4000); }
    };
  }

  function rest() { source?.close(); source = null; clearTimeout(silence); }

  document.addEventListener("visibilitychange", () => (document.hidden ? rest() : connect()));
  document.addEventListener("link-lost", () => { rest(); delete seats.dataset.live; });
  document.addEventListener("link-found", connect);
  connect();
})();
