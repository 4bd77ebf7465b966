// What the page shows changes by itself, by a stream that all windows of the browser share; a hidden one lets go of it,
// for nobody sees what it would fetch. When the link is there, everything live is fetched again: nobody told this page
// what changed since it was drawn.
(() => {
  const SILENT_MS = 4000;
  const DEAD_MS = 40000; // two heartbeats of central and a half: of a cable that was pulled a browser hears nothing
  let lostAt = null;
  let stream = null;

  const { streams } = document.currentScript.dataset;

  /** Used as an EventSource is; the connection is that of all windows of this browser. */
  class Shared extends EventTarget {
    readyState = EventSource.CONNECTING;

    constructor(url, isFresh) {
      super();
      const worker = new SharedWorker(streams);
      worker.onerror = () => this.hear({ name: "error", readyState: EventSource.CLOSED });
      this.port = worker.port;
      this.port.onmessage = ({ data }) => this.hear(data);
      this.port.postMessage({ join: url, isFresh });
    }

    hear({ name, data, readyState = EventSource.OPEN }) {
      if (this.readyState === EventSource.CLOSED) return;
      this.readyState = readyState;
      if (name === "open" || name === "error") this[`on${name}`]?.();
      else this.dispatchEvent(new MessageEvent(name, { data }));
    }

    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      this.port.postMessage({ listen: name });
    }

    close() {
      this.readyState = EventSource.CLOSED;
      this.port.postMessage({});
      this.port.close();
    }
  }

  /** A stream of central, shared where the browser can; `isFresh`: the one there is says nothing any more. */
  window.openStream = (url, isFresh = false) => (window.SharedWorker ? new Shared(url, isFresh) : new EventSource(url));

  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.names = new Set();
      this.readyState = EventSource.CONNECTING;
      document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.connect()));
      this.connect();
    }

    connect(isFresh) {
      if (this.inner || this.ended) return;
      this.inner = openStream(this.url, isFresh);
      this.heard();
      this.inner.onopen = () => { this.heard(); this.readyState = EventSource.OPEN; this.onopen?.(new Event("open")); found(); };
      this.inner.addEventListener("heartbeat", () => this.heard());
      this.inner.onerror = () => {
        lost();
        // A refused stream (signed out, central restarting behind a proxy) is closed by the browser for good.
        if (this.inner?.readyState === EventSource.CLOSED) { this.rest(); setTimeout(() => this.connect(), SILENT_MS); }
      };
      for (const name of this.names) this.listen(name);
    }

    heard() {
      clearTimeout(this.watch);
      this.watch = setTimeout(() => { lost(); this.rest(); this.connect(true); }, DEAD_MS);
    }

    listen(name) { this.inner?.addEventListener(name, (event) => this.dispatchEvent(new MessageEvent(name, event))); }

    hears(topic) { return new URL(this.url, location).searchParams.getAll("topic").includes(topic); }

    /** What is shown now has a topic it had not when the page was opened: a wish that was made since. */
    follow(topic) {
      if (this.hears(topic)) return;
      this.addEventListener(topic, () => htmx.trigger(document.body, "again"));
    }

    rest() { clearTimeout(this.watch); this.inner?.close(); this.inner = null; }

    close() { this.ended = true; this.readyState = EventSource.CLOSED; this.rest(); }

    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (this.names.has(name)) return;
      this.names.add(name);
      if (this.hears(name)) { this.listen(name); return; }
      this.url += `&topic=${encodeURIComponent(name)}`; // of a piece that came since: the stream is asked for once more
      clearTimeout(this.soon);
      this.soon = setTimeout(() => { this.rest(); this.connect(); });
    }
  }

  function lost() {
    lostAt ??= Date.now();
    document.body.dataset.live = "lost";
    document.dispatchEvent(new Event("link-lost"));
    setTimeout(show, SILENT_MS);
  }

  function found() {
    lostAt = null;
    document.body.dataset.live = "on";
    document.dispatchEvent(new Event("link-found"));
    show();
    htmx.trigger(document.body, "again");
  }

  function show() {
    const banner = document.getElementById("link-lost");
    if (!banner) return;
    banner.hidden = lostAt === null || Date.now() - lostAt < SILENT_MS;
    if (lostAt !== null) banner.querySelector("[data-age]").textContent = words(lostAt);
  }

  const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
  const UNITS = [["year", 31557600], ["month", 2629800], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

  function words(at) {
    const seconds = (at - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size * 1.2) ?? ["second", 1];
    return relative.format(Math.round(seconds / size), unit);
  }

  function age() {
    for (const time of document.querySelectorAll("time[data-ago]")) {
      const at = Date.parse(time.dateTime);
      time.textContent = words(at);
    }
    if (lostAt !== null) show();
  }

  /** What an element says, without its ages: growing older is no change. */
  function said(element) {
    const copy = element.cloneNode(true);
    for (const time of copy.querySelectorAll("time")) time.remove();
    return copy.textContent;
  }

  const watched = (root) => new Map([...root.querySelectorAll("[data-watch]")].map((e) => [e.dataset.watch, said(e)]));
  const before = new WeakMap(); // piece -> what it said before it was drawn anew
  let focused = null; // what the reader stood on in a piece that is drawn anew
  let first; // the step that piece offered

  const FIELDS = "input[id]:not([type=hidden]), select[id], textarea[id]";
  let written = new Map(); // what was filled in and not sent yet in a piece that is drawn anew: id -> value
  let isHeld = false; // a sign is being put together from keys, or a button is down: drawn anew, it would come to nothing
  let isDue = false; // a piece was to be drawn meanwhile
  let isAsking = false; // a form waits for central to answer: drawn anew, it would be another

  /** Whether a person changed this field since it was drawn. */
  function changed(field) {
    if (field.matches("[type=checkbox], [type=radio]")) return field.checked !== field.defaultChecked;
    if (!field.matches("select")) return field.value !== field.defaultValue;
    return field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  }

  /** Id -> what was filled in there and not sent yet. */
  function unsent(piece) {
    const fields = [...piece.querySelectorAll(FIELDS)].filter((field) => field.type !== "file" && changed(field));
    return new Map(fields.map((field) => [field.id, field.type === "checkbox" || field.type === "radio" ? field.checked : field.value]));
  }

  function fill(piece, written) {
    for (const [id, value] of written) {
      const field = piece.querySelector(`#${CSS.escape(id)}`);
      if (field) field[typeof value === "boolean" ? "checked" : "value"] = value;
    }
  }

  const leads = (element) => element.getAttribute("href") ?? element.form?.getAttribute("action");

  /** How an element is found again once its piece is drawn anew: by its id, or by what it says and where it leads. */
  function trace(element) {
    if (element.id) return (piece) => piece.querySelector(`#${CSS.escape(element.id)}`);
    if (!element.matches("a, button, summary")) return null;
    const [kind, says, to] = [element.localName, said(element), leads(element)];
    return (piece) => [...piece.querySelectorAll(kind)].find((each) => said(each) === says && leads(each) === to);
  }

  /** The reader stays where he stood; who stands nowhere is taken to a step that was not offered before. */
  function stand(piece) {
    if (document.activeElement !== document.body) return;
    const offered = piece.querySelector("[data-first]");
    const stood = focused?.(piece);
    (stood ?? (focused || offered?.id !== first ? offered : null))?.focus({ preventScroll: true });
  }

  function hold() { isHeld = true; }

  function release() {
    setTimeout(() => { // what was pressed is clicked before
      isHeld = false;
      drawDue();
    });
  }

  function drawDue() {
    if (isDue) { isDue = false; htmx.trigger(document.body, "again"); }
  }

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF"] = document.querySelector("meta[name=csrf]").content;
  });
  const underWay = new WeakSet(); // pieces that are being fetched
  const overtaken = new WeakSet(); // those in which a smaller piece changed meanwhile: what comes may not know of it

  document.addEventListener("htmx:beforeRequest", ({ detail: { target } }) => {
    for (let outer = target.parentElement; outer; outer = outer.parentElement) if (underWay.has(outer)) overtaken.add(outer);
    underWay.add(target);
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { target } }) => {
    underWay.delete(target);
    if (overtaken.delete(target)) htmx.trigger(document.body, "again");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isHeld || isAsking) { event.detail.shouldSwap = false; isDue = true; return; }
    before.set(event.detail.target, watched(event.detail.target));
    written = unsent(event.detail.target);
    focused = event.detail.target.contains(document.activeElement) ? trace(document.activeElement) : null;
    first = event.detail.target.querySelector("[data-first]")?.id;
  });
  document.addEventListener("htmx:afterSwap", (event) => { fill(event.detail.target, written); stand(event.detail.target); });
  document.addEventListener("compositionstart", hold);
  document.addEventListener("pointerdown", (event) => { if (event.button === 0) hold(); });
  for (const ends of ["compositionend", "pointerup", "pointercancel"]) document.addEventListener(ends, release);
  addEventListener("blur", release);
  document.addEventListener("keydown", (event) => { if (event.key === " ") hold(); });
  document.addEventListener("keyup", (event) => { if (event.key === " ") release(); });
  // Not earlier: until it has settled, htmx takes classes off elements that have an id.
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const element of event.detail.target.querySelectorAll("[data-topic]")) stream?.follow(element.dataset.topic);
    for (const element of event.detail.target.querySelectorAll("[data-watch]")) {
      const was = before.get(event.detail.target);
      if (!was?.size || was.get(element.dataset.watch) === said(element)) continue;
      element.classList.add("glow");
      document.querySelector(`[data-until="${CSS.escape(element.dataset.watch)}"]`)?.remove(); // a refusal it has overtaken
    }
    age();
  });

  // Once the link is lost, or where there is none, a form leaves this page only for a central that answers: the browser's
  // own page of errors would take its place, and what was written with it.
  const ANSWERS_MS = 5000;
  const notSent = document.getElementById("not-sent");
  let leaves = null; // the form that goes now

  async function isThere() {
    const asked = { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(ANSWERS_MS) };
    const answer = await fetch(document.querySelector("link[rel=icon]").href, asked).catch(() => null);
    return answer?.ok === true; // what stands before central answers too, that it is not there
  }

  /** Says that it was not sent; once the link is there again, that it can be. */
  function sayNotSent(isFound) {
    notSent.hidden = false;
    for (const sentence of notSent.children) sentence.hidden = (sentence.dataset.while === "found") !== isFound;
  }

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form === leaves || form.method !== "post" || event.defaultPrevented) return;
    if (stream && document.body.dataset.live !== "lost") return;
    event.preventDefault();
    if (isAsking) return;
    isAsking = true;
    notSent.hidden = true;
    const goes = await isThere();
    isAsking = false;
    leaves = form;
    if (goes) form.requestSubmit(event.submitter);
    else sayNotSent(false);
    leaves = null;
    drawDue();
  });
  document.addEventListener("not-sent", () => sayNotSent(false)); // of what is sent by a script
  document.addEventListener("link-found", () => { if (!notSent.hidden) sayNotSent(true); });

  // What was written outlives what kept it from being taken, a session that ended or an error: it waits in this window for
  // the same person at the same address, and no longer than the way back there takes.
  const KEPT = "courtside-written";
  const who = document.querySelector(".topbar [href='/me']")?.textContent;
  const isDetour = !who || document.querySelector("[data-error]") !== null;
  const here = document.querySelector("meta[name=here]").content;
  let isAgain = false;

  addEventListener("pagehide", () => {
    if (isDetour || isAgain) return;
    const fields = [...unsent(document)].filter(([id]) => document.getElementById(id).type !== "password");
    sessionStorage.setItem(KEPT, JSON.stringify({ who, here, fields }));
  });
  addEventListener("pageshow", (event) => {
    const kept = JSON.parse(sessionStorage.getItem(KEPT));
    if (!kept) return;
    if (isDetour) { sessionStorage.setItem(KEPT, JSON.stringify({ ...kept, isLost: true })); return; }
    if (kept.isLost && (event.persisted || performance.getEntriesByType("navigation")[0].type === "back_forward")) {
      isAgain = true;
      location.reload(); // as the browser kept it, its forms are those of a session that ended
      return;
    }
    sessionStorage.removeItem(KEPT);
    if (kept.isLost && kept.who === who && kept.here === here) fill(document, new Map(kept.fields));
  });

  htmx.createEventSource = (url) => (stream = new Stream(url));
  setInterval(age, 10000);
})();
