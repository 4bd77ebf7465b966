// What the page shows changes by itself. One stream a page; a hidden tab lets go of it, because a browser
// holds only six connections to a host. When the link is there, everything live is fetched again: nobody told this
// page what changed since it was drawn.
(() => {
  const SILENT_MS = 4000;
  let lostAt = null;
  let stream = null;

  class Stream extends EventTarget {
    constructor(url) {
      super();
      this.url = url;
      this.names = new Set();
      this.readyState = EventSource.CONNECTING;
      document.addEventListener("visibilitychange", () => (document.hidden ? this.rest() : this.connect()));
      this.connect();
    }

    connect() {
      if (this.inner || this.ended) return;
      this.inner = new EventSource(this.url);
      this.inner.onopen = () => { this.readyState = EventSource.OPEN; this.onopen?.(new Event("open")); found(); };
      this.inner.onerror = () => {
        lost();
        // A refused stream (signed out, central restarting behind a proxy) is closed by the browser for good.
        if (this.inner?.readyState === EventSource.CLOSED) { this.rest(); setTimeout(() => this.connect(), SILENT_MS); }
      };
      for (const name of this.names) this.listen(name);
    }

    listen(name) { this.inner?.addEventListener(name, (event) => this.dispatchEvent(new MessageEvent(name, event))); }

    /** What is shown now has a topic it had not when the page was opened: a wish that was made since. */
    follow(topic) {
      if (new URL(this.url, location).searchParams.getAll("topic").includes(topic)) return;
      this.url += `&topic=${encodeURIComponent(topic)}`;
      this.addEventListener(topic, () => htmx.trigger(document.body, "again"));
      this.rest();
      this.connect();
    }

    rest() { this.inner?.close(); this.inner = null; }

    close() { this.ended = true; this.readyState = EventSource.CLOSED; this.rest(); }

    addEventListener(name, listener) {
      super.addEventListener(name, listener);
      if (!this.names.has(name)) { this.names.add(name); this.listen(name); }
    }
  }

  function lost() {
    lostAt ??= Date.now();
    document.body.dataset.live = "lost";
    setTimeout(show, SILENT_MS);
  }

  function found() {
    lostAt = null;
    document.body.dataset.live = "on";
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
  let before = new Map();
  let focused = null; // what the reader stood on in a piece that is drawn anew
  let first; // the step that piece offered

  /** How an element is found again once its piece is drawn anew: by its id, or by where it leads. */
  function trace(element) {
    if (element.id) return `#${CSS.escape(element.id)}`;
    return element.matches("a[href]") ? `a[href="${CSS.escape(element.getAttribute("href"))}"]` : null;
  }

  /** The reader stays where he stood; who stands nowhere is taken to a step that was not offered before. */
  function stand(piece) {
    if (document.activeElement !== document.body) return;
    const offered = piece.querySelector("[data-first]");
    const stood = focused && piece.querySelector(focused);
    (stood ?? (focused || offered?.id !== first ? offered : null))?.focus({ preventScroll: true });
  }

  document.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["X-CSRF"] = document.querySelector("meta[name=csrf]").content;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    before = watched(event.detail.target);
    focused = event.detail.target.contains(document.activeElement) ? trace(document.activeElement) : null;
    first = event.detail.target.querySelector("[data-first]")?.id;
  });
  document.addEventListener("htmx:afterSwap", (event) => stand(event.detail.target));
  // Not earlier: until it has settled, htmx takes classes off elements that have an id.
  document.addEventListener("htmx:afterSettle", (event) => {
    for (const element of event.detail.target.querySelectorAll("[data-topic]")) stream?.follow(element.dataset.topic);
    for (const element of event.detail.target.querySelectorAll("[data-watch]")) {
      if (before.size && before.get(element.dataset.watch) !== said(element)) element.classList.add("glow");
    }
    age();
  });

  htmx.createEventSource = (url) => (stream = new Stream(url));
  setInterval(age, 10000);
})();
