// A click on a word plays it from the seat's own channel, over the end of a segment too; or all seats of the room
// together, of every device, and on from there. They start together, as soon as each has come, one seat leads, and the
// others keep in time with it by the clock of the room: how fast a device's samples came is known, so what two devices
// came apart is taken back. The wave form is that of the segment in which the leading seat is.
(() => {
  const said = document.getElementById("said");
  if (!said || !document.getElementById("sound")) return;
  const MIXED = "mixed";
  const STEP_S = 5;
  const NEAR_S = 0.02; // a voice so near is left alone: from 30 ms on, what two microphones heard is an echo
  const FAR_S = 0.25; // one so far is waited for, one nearer hurries or lingers
  const HURRY = 3; // a voice that is 50 ms late goes 15 % faster, and none goes more than a quarter faster or slower
  const END_S = 0.05; // who has less left to say waits for nobody, and nobody for him
  const JOIN_S = 0.005; // less lies between segments that follow one another
  const STEERS = ["loadedmetadata", "canplay", "playing", "pause", "waiting", "seeking", "seeked", "timeupdate", "ended", "error"];
  const player = document.getElementById("player");
  const wave = document.getElementById("wave");
  const trouble = document.getElementById("playing-trouble");
  const on = document.getElementById("play-on");
  const all = document.getElementById("play-all");
  const heard = document.getElementById("heard");
  const speed = document.getElementById("speed");
  const ink = getComputedStyle(document.body);
  const voices = new Map(); // seat -> the sound of each that keeps in time with the leading one
  const muted = new Set();
  let audio = document.getElementById("sound"); // of the seat that leads
  let known = {}; // of what the page was told
  let now = null; // what it plays, a place
  let isHeld = false; // it waits until every voice has come
  let until = null; // the second of the room to stop at
  let drawn = ""; // whose form is shown
  let peaks = null;
  let spoken = []; // what is said in it at this moment

  const isOn = (button) => button.getAttribute("aria-pressed") === "true";
  const isWhole = () => isOn(all) && !all.hidden;
  const seats = () => [...told().places.keys()];
  const places = (seat) => told().places.get(seat) ?? [];
  const audible = () => (isWhole() ? seats().filter((seat) => !muted.has(seat)) : [now.seat]);

  /** What was recorded; it grows. */
  function told() {
    if (known.source !== said.dataset.told) known = { source: said.dataset.told, ...read(JSON.parse(said.dataset.told)) };
    return known;
  }

  /** Seat -> its sound in each segment; `laid`: where its samples were laid on the axis, `pace`: how fast they came since. */
  function read({ hearing, segments = [], roles = {}, drift = {} }) {
    const places = new Map();
    for (const [segment, begins, ends, rate, names, device, mixed, laid] of segments) {
      const pace = 1 + (drift[device] ?? 0) / 1e6;
      for (const seat of names) {
        if (!places.has(seat)) places.set(seat, []);
        places.get(seat).push({ hearing, seat, role: roles[seat], segment, begins, ends, rate, mixed, laid, pace });
      }
    }
    return { places, roles };
  }

  /** The second of the room at which a sample was taken, and the other way. */
  const second = ({ laid, pace, rate }, sample) => (laid + (sample - laid) / pace) / rate;
  const sampleAt = ({ laid, pace, rate }, seconds) => laid + (seconds * rate - laid) * pace;

  const place = (seat, sample) => places(seat).find(({ begins, ends }) => begins <= sample && sample < ends);

  /** The place of a seat at a second of the room. */
  function placeAt(seat, seconds) {
    return places(seat).find((one) => one.begins <= sampleAt(one, seconds) && sampleAt(one, seconds) < one.ends);
  }

  function isPlaying(where) {
    const voice = voices.get(where.seat);
    return voice !== undefined && !voice.paused && voice.getAttribute("src") === url(where);
  }

  /** What is heard next: what goes on at this second, or else begins first after it. */
  function next() {
    const from = time() + JOIN_S;
    const begins = (one) => Math.max(from, second(one, one.begins));
    const left = audible().flatMap(places).filter((one) => second(one, one.ends) > from);
    return left.sort((a, b) => begins(a) - begins(b) || isPlaying(b) - isPlaying(a))[0];
  }

  const sample = () => now.begins + audio.currentTime * now.rate;
  const time = () => second(now, sample());
  const url = (where, seat = where.seat) => `/hearings/${where.hearing}/sound/${where.segment}/${encodeURIComponent(seat)}`;

  /** Another seat leads from here on; its sound goes on as it does. */
  function lead(where) {
    const voice = voices.get(where.seat);
    if (voice) {
      voices.delete(where.seat);
      voices.set(now.seat, audio);
      audio = voice;
    }
    now = where;
  }

  function play(where, at) {
    lead(where);
    muted.delete(where.seat);
    player.hidden = false;
    trouble.textContent = "";
    if (audio.getAttribute("src") !== url(now)) audio.src = url(now);
    const due = Math.max(0, (at - now.begins) / now.rate);
    if (Math.abs(audio.currentTime - due) > NEAR_S) audio.currentTime = due;
    tell();
    start();
  }

  function complain() { trouble.textContent = trouble.dataset.words; }

  /** Who is heard, how fast and how loud: as loud together as one alone. */
  function tell() {
    document.getElementById("playing-seat").textContent = isWhole() ? player.dataset.all : now.role || now.seat;
    audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value);
    audio.volume = 1 / Math.sqrt(audible().length);
    heard.hidden = !isWhole();
    for (const button of heard.children) {
      button.setAttribute("aria-pressed", String(!muted.has(button.dataset.seat)));
      button.disabled = !muted.has(button.dataset.seat) && audible().length === 1;
    }
    draw();
    steer();
  }

  /** A seat's voice where the room is at this second; none of one that has nothing to say there. */
  function voiceOf(seat) {
    const where = placeAt(seat, time());
    if (!voices.has(seat)) {
      voices.set(seat, wired(new Audio()));
      player.append(voices.get(seat));
    }
    const voice = voices.get(seat);
    if (where && voice.getAttribute("src") !== url(where)) voice.src = url(where);
    const due = where && (sampleAt(where, time()) - where.begins) / where.rate;
    if (!where || voice.error) { voice.pause(); return []; }
    if (voice.duration - due < END_S) return [];
    const early = voice.currentTime - due;
    const isOff = Math.abs(early) > (isHeld || audio.paused ? NEAR_S : FAR_S);
    if (isOff && !voice.seeking) voice.currentTime = due;
    const hurry = Math.abs(early) > NEAR_S ? Math.max(-0.25, Math.min(0.25, -HURRY * early)) : 0;
    voice.playbackRate = audio.playbackRate * (where.pace / now.pace) * (1 + hurry);
    voice.volume = audio.volume;
    return [voice];
  }

  const isReady = (sound) => sound.readyState >= HTMLMediaElement.HAVE_FUTURE_DATA && !sound.seeking;

  /** Each other seat that is heard is kept where the leading one is; who is not is silent. */
  function steer() {
    if (!now) return;
    const others = audible().filter((seat) => seat !== now.seat);
    for (const [seat, voice] of voices) if (!others.includes(seat)) voice.pause();
    const speaking = others.flatMap(voiceOf);
    const isComplete = speaking.every(isReady);
    if (isHeld && isComplete && isReady(audio)) {
      isHeld = false;
      begin(audio);
    } else if (!audio.paused && !isComplete && audio.duration - audio.currentTime > END_S) {
      hold();
    }
    const runs = !audio.paused && !audio.ended && isReady(audio);
    for (const voice of speaking) {
      if (!runs) voice.pause();
      else if (voice.paused) begin(voice);
    }
  }

  async function begin(voice) {
    try { await voice.play(); } catch (error) { if (error.name !== "AbortError") complain(); }
  }

  function pause() {
    isHeld = false;
    audio.pause();
  }

  function start() {
    if (!isWhole()) { begin(audio); return; }
    hold();
    steer();
  }

  /** All wait until each has come; one that just went on would be a tenth of a second ahead of one that begins. */
  function hold() {
    isHeld = true;
    audio.pause();
    for (const one of [audio, ...voices.values()]) if (isReady(one)) one.currentTime += 0;
  }

  async function draw() {
    const whose = url(now, isWhole() && now.mixed ? MIXED : now.seat);
    if (drawn === whose) return;
    drawn = whose;
    peaks = null;
    paint();
    try {
      const answer = await fetch(whose);
      if (!answer.ok) return;
      const { rate, segment } = now;
      const sound = await new OfflineAudioContext(1, 1, rate).decodeAudioData(await answer.arrayBuffer());
      if (drawn !== whose) return;
      const samples = sound.getChannelData(0);
      const step = Math.max(1, Math.floor(samples.length / wave.width));
      peaks = Array.from({ length: wave.width }, (_, x) => {
        let most = 0;
        for (let i = x * step; i < Math.min((x + 1) * step, samples.length); i += 1) most = Math.max(most, Math.abs(samples[i]));
        return most;
      });
      wave.dataset.drawn = String(segment);
    } catch { /* sound that cannot be decoded is still played, without its form */ }
    paint();
  }

  function paint() {
    const pen = wave.getContext("2d");
    pen.clearRect(0, 0, wave.width, wave.height);
    const middle = wave.height / 2;
    const come = audio.duration ? (audio.currentTime / audio.duration) * wave.width : 0;
    const loudest = Math.max(0.05, ...(peaks ?? [0]));
    (peaks ?? []).forEach((peak, x) => {
      pen.fillStyle = ink.getPropertyValue(x < come ? "--working" : "--away-edge") || "gray";
      const high = Math.max(0.5, (peak / loudest) * middle);
      pen.fillRect(x, middle - high, 1, 2 * high);
    });
    pen.fillStyle = ink.getPropertyValue("--waiting") || "blue";
    pen.fillRect(come, 0, 2, wave.height);
  }

  const clock = (seconds) => [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60]
    .map((part, index) => (index ? String(part).padStart(2, "0") : part)).join(":");

  /** What is said at this moment is marked and kept in sight. */
  function mark() {
    document.getElementById("playing-at").textContent = clock(sample() / now.rate);
    for (const word of said.querySelectorAll(".word.is-playing")) word.classList.remove("is-playing");
    const before = spoken;
    spoken = [];
    for (const seat of audible()) {
      const where = seat === now.seat ? now : placeAt(seat, time());
      const at = where && sampleAt(where, time());
      for (const one of where ? said.querySelectorAll(`.utterance[data-seat="${CSS.escape(seat)}"]`) : []) {
        if (at < Number(one.dataset.from) || Number(one.dataset.to) <= at) continue;
        spoken.push(one);
        [...one.querySelectorAll(".word")].find((w) => w.dataset.at <= at && at < w.dataset.to)?.classList.add("is-playing");
      }
    }
    if (isOn(on) && spoken.length && !before.includes(spoken[0])) spoken[0].scrollIntoView({ block: "center" });
    if (until !== null && !isOn(on) && time() >= until) pause();
    paint();
  }

  /** The leading segment is over: what is said goes on in the next one, or everything does. */
  function over() {
    const then = (isOn(on) || (until !== null && until > time() + 0.01)) && next();
    if (then) play(then, Math.max(then.begins, sampleAt(then, time())));
  }

  function offer() {
    const names = seats();
    on.hidden = !names.length;
    all.hidden = names.length < 2;
    for (const seat of names.filter((name) => ![...heard.children].some((button) => button.dataset.seat === name))) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", className: "btn btn-sm", textContent: told().roles[seat] ?? seat, title: seat });
      button.dataset.seat = seat;
      heard.append(button);
    }
  }

  /** A sound that cannot be played keeps no other from being heard. */
  function fails(sound) {
    if (sound === audio && isWhole()) {
      const others = audible().filter((seat) => seat !== now.seat && !voices.get(seat)?.error);
      const then = others.map((seat) => placeAt(seat, time())).find(Boolean);
      if (then) play(then, sampleAt(then, time()));
    }
    complain();
  }

  /** The player hears what happens to it. */
  function wired(sound) {
    for (const event of STEERS) sound.addEventListener(event, steer);
    sound.addEventListener("timeupdate", () => { if (sound === audio && now) mark(); });
    sound.addEventListener("ended", () => { if (sound === audio) over(); });
    sound.addEventListener("error", () => fails(sound));
    return sound;
  }

  said.addEventListener("click", (event) => {
    const word = event.target.closest(".word");
    const say = event.target.closest(".say");
    const hit = event.target.closest("[data-play]");
    offer();
    if (word || say) {
      const one = (word ?? say).closest(".utterance").dataset;
      const at = Number(word ? word.dataset.at : one.from);
      const where = place(one.seat, at);
      if (!where) return;
      until = second(where, Number(one.to));
      play(where, at);
    } else if (hit) {
      const { hearing, segment, seat, role, at, to } = hit.dataset;
      const [begins, rate] = [Number(hit.dataset.begins), Number(hit.dataset.rate)];
      until = Number(to) / rate;
      play({ hearing, seat, role, segment, begins, rate, laid: begins, pace: 1 }, Number(at));
    }
  });
  wave.addEventListener("click", (event) => {
    if (!now || !audio.duration) return;
    until = null;
    audio.currentTime = (event.offsetX / wave.clientWidth) * audio.duration;
    start();
  });
  heard.addEventListener("click", (event) => {
    const { seat } = event.target.closest("button")?.dataset ?? {};
    if (!seat) return;
    if (!muted.delete(seat)) muted.add(seat);
    const then = muted.has(now.seat) && (audible().map((one) => placeAt(one, time())).find(Boolean) ?? next());
    if (then) {
      const isPaused = audio.paused && !isHeld;
      play(then, Math.max(then.begins, sampleAt(then, time())));
      if (isPaused) pause();
    }
    tell();
  });
  const toggle = () => (audio.paused && !isHeld ? start() : pause());
  const press = (button) => button.setAttribute("aria-pressed", String(!isOn(button)));
  document.getElementById("toggle").addEventListener("click", toggle);
  on.addEventListener("click", () => { press(on); if (isOn(on) && audio.paused) start(); });
  all.addEventListener("click", () => { press(all); tell(); });
  speed.addEventListener("change", tell);
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
  wired(audio);
})();
