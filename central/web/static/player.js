// A click on a word plays it from the seat's own channel, over the end of a segment too; or all seats of that device
// together, and on from there. The wave form is that of the segment being played.
(() => {
  const said = document.getElementById("said");
  const audio = document.getElementById("sound");
  if (!said || !audio) return;
  const MIXED = "mixed";
  const STEP_S = 5;
  const player = document.getElementById("player");
  const wave = document.getElementById("wave");
  const trouble = document.getElementById("playing-trouble");
  const on = document.getElementById("play-on");
  const all = document.getElementById("play-all");
  const speed = document.getElementById("speed");
  const ink = getComputedStyle(document.body);
  let now = null; // what is played: { hearing, seat, role, segment, begins, rate }
  let until = null; // the sample to stop at
  let peaks = null;
  let spoken = []; // what is said in it at this moment

  const isOn = (button) => button.getAttribute("aria-pressed") === "true";
  const told = () => JSON.parse(said.dataset.told); // it grows
  const lies = (seat, role, hearing, [segment, begins, , rate]) => ({ hearing, seat, role, segment, begins, rate });

  /** The segment of a seat in which a sample lies. */
  function place({ seat, role }, sample) {
    const { hearing, segments } = told();
    const found = segments.find(([, from, to, , seats]) => from <= sample && sample < to && seats.includes(seat));
    return found && lies(seat, role, hearing, found);
  }

  /** The segment of the same device that follows the one being played. */
  function next() {
    const { hearing, segments = [] } = told();
    const here = segments.find(([number]) => number === now.segment);
    const found = here && segments.find(([, from, , , , device]) => from >= here[2] && device === here[5]);
    return found && lies(now.seat, now.role, hearing, found);
  }

  const sample = () => now.begins + audio.currentTime * now.rate;
  const mixes = () => isOn(all) && !all.hidden;

  async function play(where, at, to) {
    const url = `/hearings/${where.hearing}/sound/${where.segment}/${encodeURIComponent(mixes() ? MIXED : where.seat)}`;
    const isNew = audio.getAttribute("src") !== url;
    now = where;
    until = to;
    player.hidden = false;
    trouble.textContent = "";
    document.getElementById("playing-seat").textContent = mixes() ? player.dataset.all : where.role || where.seat;
    if (isNew) { audio.src = url; draw(url); }
    audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value);
    const seconds = Math.max(0, (at - where.begins) / where.rate);
    if (audio.readyState < HTMLMediaElement.HAVE_METADATA) {
      audio.addEventListener("loadedmetadata", () => { audio.currentTime = seconds; }, { once: true });
    } else {
      audio.currentTime = seconds;
    }
    try { await audio.play(); } catch (error) { if (error.name !== "AbortError") trouble.textContent = trouble.dataset.words; }
  }

  async function draw(url) {
    peaks = null;
    paint();
    try {
      const answer = await fetch(url);
      if (!answer.ok) return;
      const sound = await new OfflineAudioContext(1, 1, now.rate).decodeAudioData(await answer.arrayBuffer());
      if (audio.getAttribute("src") !== url) return;
      const samples = sound.getChannelData(0);
      const step = Math.max(1, Math.floor(samples.length / wave.width));
      peaks = Array.from({ length: wave.width }, (_, x) => {
        let most = 0;
        for (let i = x * step; i < Math.min((x + 1) * step, samples.length); i += 1) most = Math.max(most, Math.abs(samples[i]));
        return most;
      });
      wave.dataset.drawn = String(now.segment);
    } catch { /* sound that cannot be decoded is still played, without its form */ }
    paint();
  }

  function paint() {
    const pen = wave.getContext("2d");
    pen.clearRect(0, 0, wave.width, wave.height);
    const middle = wave.height / 2;
    const heard = audio.duration ? (audio.currentTime / audio.duration) * wave.width : 0;
    const loudest = Math.max(0.05, ...(peaks ?? [0]));
    (peaks ?? []).forEach((peak, x) => {
      pen.fillStyle = ink.getPropertyValue(x < heard ? "--working" : "--away-edge") || "gray";
      const high = Math.max(0.5, (peak / loudest) * middle);
      pen.fillRect(x, middle - high, 1, 2 * high);
    });
    pen.fillStyle = ink.getPropertyValue("--waiting") || "blue";
    pen.fillRect(heard, 0, 2, wave.height);
  }

  const clock = (seconds) => [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60]
    .map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");

  function follow() {
    if (!now) return;
    const at = sample();
    document.getElementById("playing-at").textContent = clock(at / now.rate);
    for (const word of said.querySelectorAll(".word.is-playing")) word.classList.remove("is-playing");
    const before = spoken;
    spoken = [...said.querySelectorAll(mixes() ? ".utterance" : `.utterance[data-seat="${CSS.escape(now.seat)}"]`)]
      .filter((one) => Number(one.dataset.from) <= at && at < Number(one.dataset.to));
    for (const one of spoken) [...one.querySelectorAll(".word")].find((w) => w.dataset.at <= at && at < w.dataset.to)?.classList.add("is-playing");
    if (isOn(on) && spoken.length && !before.includes(spoken[0])) spoken[0].scrollIntoView({ block: "center" });
    if (until !== null && !isOn(on) && at >= until) audio.pause();
    paint();
  }

  /** A segment is over: what is said goes on in the next one, or everything does. */
  function over() {
    const then = now && (isOn(on) || (until !== null && until > sample() + now.rate / 100)) && next();
    if (then) play(then, then.begins, until);
  }

  function offer() {
    const { segments = [] } = told();
    on.hidden = !segments.length;
    all.hidden = !segments.some(([, , , , , , mixed]) => mixed);
  }

  said.addEventListener("click", (event) => {
    const word = event.target.closest(".word");
    const say = event.target.closest(".say");
    const hit = event.target.closest("[data-play]");
    offer();
    if (word || say) {
      const one = (word ?? say).closest(".utterance").dataset;
      const at = Number(word ? word.dataset.at : one.from);
      const where = place(one, at);
      if (where) play(where, at, Number(one.to));
    } else if (hit) {
      const { hearing, segment, begins, rate, seat, role, at, to } = hit.dataset;
      play({ hearing, segment, begins: Number(begins), rate: Number(rate), seat, role }, Number(at), Number(to));
    }
  });
  wave.addEventListener("click", (event) => {
    if (!now || !audio.duration) return;
    until = null;
    audio.currentTime = (event.offsetX / wave.clientWidth) * audio.duration;
    audio.play();
  });
  const toggle = () => (audio.paused ? audio.play() : audio.pause());
  const press = (button) => button.setAttribute("aria-pressed", String(!isOn(button)));
  document.getElementById("toggle").addEventListener("click", toggle);
  on.addEventListener("click", () => { press(on); if (isOn(on) && audio.paused) audio.play(); });
  all.addEventListener("click", () => { const at = sample(); press(all); play(now, at, until); });
  speed.addEventListener("change", () => { audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value); });
  document.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP_S, ArrowRight: STEP_S }[event.key];
    if (!now || event.target.closest("input, textarea, select") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (step) {
      event.preventDefault();
      audio.currentTime = Math.max(0, audio.currentTime + step);
    } else if (event.key === " " && !event.target.closest("button:not(.say), summary")) {
      event.preventDefault();
      toggle();
    }
  });
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("ended", over);
  audio.addEventListener("error", () => { trouble.textContent = trouble.dataset.words; });
})();
