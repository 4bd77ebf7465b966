// A click on a word plays it from the seat's own channel; the wave form is that of the segment being played.
(() => {
  const said = document.getElementById("said");
  const audio = document.getElementById("sound");
  if (!said || !audio) return;
  const told = JSON.parse(said.dataset.told);
  const player = document.getElementById("player");
  const wave = document.getElementById("wave");
  const trouble = document.getElementById("playing-trouble");
  const ink = getComputedStyle(document.body);
  let now = null; // { hearing, seat, segment, begins, rate }
  let peaks = null;
  let stopAt = null;

  /** The segment of a seat in which a sample lies. */
  function place(seat, sample) {
    const found = told.segments.find(([, from, to, , seats]) => from <= sample && sample < to && seats.includes(seat));
    return found && { hearing: told.hearing, seat, segment: found[0], begins: found[1], rate: found[3] };
  }

  async function play(where, at, until) {
    const url = `/hearings/${where.hearing}/sound/${where.segment}/${encodeURIComponent(where.seat)}`;
    const isNew = audio.getAttribute("src") !== url;
    now = where;
    stopAt = until === null ? null : (until - where.begins) / where.rate;
    player.hidden = false;
    trouble.textContent = "";
    document.getElementById("playing-seat").textContent = where.seat;
    if (isNew) { audio.src = url; draw(url); }
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

  function follow() {
    if (!now) return;
    const sample = now.begins + audio.currentTime * now.rate;
    document.getElementById("playing-at").textContent = `${(sample / now.rate).toFixed(1)} s`;
    for (const word of said.querySelectorAll(".word.is-playing")) word.classList.remove("is-playing");
    for (const one of said.querySelectorAll(`.utterance[data-seat="${CSS.escape(now.seat)}"]`)) {
      if (Number(one.dataset.from) > sample || sample >= Number(one.dataset.to)) continue;
      [...one.querySelectorAll(".word")].find((w) => w.dataset.at <= sample && sample < w.dataset.to)?.classList.add("is-playing");
    }
    if (stopAt !== null && audio.currentTime >= stopAt) audio.pause();
    paint();
  }

  said.addEventListener("click", (event) => {
    const word = event.target.closest(".word");
    const hit = event.target.closest("[data-play]");
    if (word) {
      const one = word.closest(".utterance");
      const where = place(one.dataset.seat, Number(word.dataset.at));
      if (where) play(where, Number(word.dataset.at), Number(one.dataset.to));
    } else if (hit) {
      const { hearing, segment, begins, rate, seat, at, to } = hit.dataset;
      play({ hearing, segment, begins: Number(begins), rate: Number(rate), seat }, Number(at), Number(to));
    }
  });
  wave.addEventListener("click", (event) => {
    if (!now || !audio.duration) return;
    stopAt = null;
    audio.currentTime = (event.offsetX / wave.clientWidth) * audio.duration;
    audio.play();
  });
  const toggle = () => (audio.paused ? audio.play() : audio.pause());
  document.getElementById("toggle").addEventListener("click", toggle);
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !now || event.target.closest("input, textarea, select, button, summary")) return;
    event.preventDefault();
    toggle();
  });
  audio.addEventListener("timeupdate", follow);
  audio.addEventListener("error", () => { trouble.textContent = trouble.dataset.words; });
})();
