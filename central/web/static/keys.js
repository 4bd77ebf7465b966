// The keyboard first: "/" searches, arrows walk a wall or a list, Enter opens, Esc goes back, single keys press what
// they are written on, and a barcode reader that types finds its volume from anywhere but a field: what is typed
// into one stays there, above all a password.
(() => {
  const READER_MS = 40; // a key, on the average of a whole code: a person is not that fast for so long
  const PAUSE_MS = 250; // a busy machine may hold up a key of the reader so long
  const READER_MIN = 6;
  let typed = "";
  let firstAt = 0;
  let lastAt = 0;

  const writes = (element) => element?.matches?.("input:not([type=checkbox],[type=radio]), textarea, select");
  const keeps = (element) => writes(element) && !element.matches("[data-scan]");

  function scanned(code) {
    const field = document.querySelector("[data-scan]");
    if (field) {
      field.value = code;
      field.form.requestSubmit();
    } else {
      location.assign(`/find?q=${encodeURIComponent(code)}`);
    }
  }

  function reader(event) {
    if (keeps(event.target)) { typed = ""; return false; }
    const goesOn = event.timeStamp - lastAt < PAUSE_MS;
    lastAt = event.timeStamp;
    const quick = event.timeStamp - firstAt < READER_MS * typed.length;
    if (event.key === "Enter" && goesOn && quick && typed.length >= READER_MIN) {
      event.preventDefault();
      event.stopPropagation();
      const code = typed;
      typed = "";
      scanned(code);
      return true;
    }
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key !== "Shift") typed = "";
      return false;
    }
    if (!goesOn || !typed) { typed = ""; firstAt = event.timeStamp; }
    typed += event.key;
    return false;
  }

  const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

  /** The nearest neighbour in that direction, by where things stand on the screen. */
  function neighbour(from, all, [dx, dy]) {
    const a = from.getBoundingClientRect();
    let best = null;
    let least = Infinity;
    for (const each of all) {
      const b = each.getBoundingClientRect();
      const along = dx ? (b.left - a.left) * dx : (b.top - a.top) * dy;
      const across = Math.abs(dx ? b.top - a.top : b.left - a.left);
      if (each !== from && along > 1 && along + across * 4 < least) { best = each; least = along + across * 4; }
    }
    return best;
  }

  function walk(event) {
    const group = document.activeElement?.closest("[data-walk]") ?? document.querySelector("[data-walk]");
    if (!group) return;
    const all = [...group.querySelectorAll("[data-stop], tr[data-href]")];
    if (!all.length) return;
    const here = all.includes(document.activeElement) ? document.activeElement : null;
    const next = here ? neighbour(here, all, DIRECTIONS[event.key]) : all[0];
    if (next) { event.preventDefault(); next.focus(); }
  }

  function back() {
    const dialog = document.querySelector("dialog[open]");
    if (dialog) { dialog.close(); return; }
    const open = document.querySelector("details[open]");
    if (open?.contains(document.activeElement)) { open.open = false; open.querySelector("summary").focus(); return; }
    const field = document.activeElement;
    if (field?.matches("[data-scan], [type=search]") && field.value) { field.value = ""; return; }
    if (writes(field)) { field.blur(); return; }
    document.querySelector("[data-back]")?.click();
  }

  function press(event) {
    if (event.key === "Escape") { back(); return; }
    if (writes(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "/") {
      event.preventDefault();
      document.getElementById("search")?.select();
    } else if (event.key in DIRECTIONS) {
      walk(event);
    } else if (event.key === "Enter" && event.target.matches("tr[data-href]")) {
      location.assign(event.target.dataset.href);
    } else if (event.key.length === 1) {
      // Wait, for the first key of a barcode reader is a single key too.
      const at = event.timeStamp;
      setTimeout(() => { if (lastAt === at) document.querySelector(`[data-key="${CSS.escape(event.key)}"]`)?.click(); }, READER_MS * 2);
    }
  }

  // Whoever leaves what he wrote into a form and has not sent, by whichever key, reader or link, is asked first.
  let isSent = false;
  const written = (field) => ["text", "textarea"].includes(field.type) && !field.matches("[data-scan]") && field.value !== field.defaultValue;
  const unsent = () => [...document.querySelectorAll("main form[method=post]")].some((form) => [...form.elements].some(written));
  document.addEventListener("submit", (event) => { isSent ||= event.target.method === "post" && !event.defaultPrevented; });
  document.addEventListener("submit", (event) => {  // a form beside a text takes it along as it stands, not as it was drawn
    for (const along of event.target.querySelectorAll("input[data-of]")) along.value = document.getElementById(along.dataset.of).value;
  });
  addEventListener("beforeunload", (event) => { if (!isSent && document.querySelector("nav") && unsent()) event.preventDefault(); });

  const again = (field) => { if (field?.matches?.("[data-scan]")) field.select(); }; // the next code takes the place of the last
  document.addEventListener("focusin", (event) => again(event.target));
  again(document.activeElement);
  // Only as the page opens: an autofocus in a live piece would take the focus at each change. And not before the next
  // frame, for an address with a #fragment takes the focus away while the page is loaded.
  addEventListener("load", () => requestAnimationFrame(() => {
    if (document.activeElement === document.body) document.querySelector("[data-first]")?.focus({ preventScroll: true });
  }));
  document.addEventListener("keydown", (event) => { if (!reader(event)) press(event); }, true);
  document.addEventListener("click", (event) => {
    const row = event.target.closest?.("tr[data-href]");
    if (row && !event.target.closest("a, button, input, summary, label")) location.assign(row.dataset.href);
    const pressed = event.target.closest?.("[data-do]");
    if (pressed?.dataset.do === "theme") {
      const root = document.documentElement;
      root.dataset.bsTheme = root.dataset.bsTheme === "dark" ? "light" : "dark";
      localStorage.setItem("courtside-theme", root.dataset.bsTheme);
    } else if (pressed?.dataset.do === "all") {
      const boxes = [...pressed.closest("fieldset").querySelectorAll("input[type=checkbox]")];
      const checked = boxes.some((each) => !each.checked);
      for (const each of boxes) each.checked = checked;
    } else if (pressed?.dataset.do === "back") {
      history.back();
    } else if (pressed?.dataset.do === "print") {
      print();
    } else if (pressed?.dataset.do === "copy") {
      navigator.clipboard?.writeText(document.getElementById(pressed.dataset.from).textContent);
    }
  });
})();
