// A box's own log as it comes, in its page, while its place is open; the newest at the end, nothing kept.
(() => {
  const place = document.querySelector("[data-log]");
  if (!place) return;
  const MOST = 500;
  const lines = place.querySelector("[data-lines]");
  const clock = new Intl.DateTimeFormat(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const TONES = { WARNING: "tone-person", ERROR: "tone-broken", CRITICAL: "tone-broken" };
  let source = null;

  function show(event) {
    const { at, level, source: by, text } = JSON.parse(event.data);
    const follows = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 4;
    const line = document.createElement("div");
    line.className = TONES[level] ?? "";
    line.textContent = `${clock.format(new Date(at * 1000))} ${level.padEnd(7)} ${by}: ${text}`;
    lines.append(line);
    while (lines.childElementCount > MOST) lines.firstElementChild.remove();
    if (follows) lines.scrollTop = lines.scrollHeight;
  }

  function connect() {
    if (source || document.hidden || !place.open) return;
    source = new EventSource(place.dataset.log);
    source.addEventListener("live", () => { lines.replaceChildren(); lines.dataset.live = "on"; }); // the last lines come again
    source.addEventListener("log", show);
    source.onerror = () => { if (source?.readyState === EventSource.CLOSED) { rest(); setTimeout(connect, 4000); } };
  }

  function rest() { source?.close(); source = null; delete lines.dataset.live; }

  const look = () => (document.hidden || !place.open ? rest() : connect());
  document.addEventListener("visibilitychange", look);
  document.addEventListener("link-lost", rest);
  document.addEventListener("link-found", look);
  place.addEventListener("toggle", look);
  connect();
})();
