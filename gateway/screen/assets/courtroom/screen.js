// Shows the view the station sends four times a second; blank as soon as the next one does not come.
"use strict";

const STALE_MS = 3000;
const FLOOR_DB = -60;
const SIGNS = { away: "…", idle: "■", armed: "◷", recording: "●", paused: "Ⅱ", closed: "■", broken: "✕" };
const GRAVE = { disk_full: "bad", no_sound: "bad", seats_dead: "bad", clock_unset: "warn", too_loud: "warn", tickets: "warn", disk_short: "warn", long_silence: "warn", no_model: "warn" };
const CONCERNED = { seats_dead: ["no_signal", "device_gone"], too_loud: ["too_loud"] };
const AWAY = { state: "away", seats: [] };
let language = localStorage.getItem("language") || "zh";
let view = AWAY;
let heard = 0; // by the steady clock: the wall clock may be set

const find = (id) => document.getElementById(id);
const words = () => WORDS[language];
const time = (at) => new Date(at).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

function set(id, text, wrong = false) {
  const place = find(id);
  if (place.textContent !== text) place.textContent = text;
  place.classList.toggle("wrong", wrong);
}

function draw() {
  const text = words();
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = text.title;
  document.body.dataset.state = view.state;
  set("language", text.switch);
  set("room", view.room || text.title);
  set("sign", SIGNS[view.state]);
  set("state", text.state[view.state]);
  set("about", view.state === "away" ? text.away_do : about(text).join(" · "));
  drawSeats(text);
  if (view.state === "away") return;
  const concerned = view.seats.filter((seat) => (CONCERNED[view.task] || []).includes(seat.sounds));
  set("task", text.task[view.task](view, concerned.map((seat) => name(text, seat)).join(text.and)));
  find("task").dataset.grave = GRAVE[view.task] || "";
  const model = view.has_model === undefined ? "none" : view.has_model ? "yes" : "no";
  set("model", text.model[model], model === "no");
  set("disk", text.disk(Math.floor(view.disk_hours)), view.task === "disk_full" || view.task === "disk_short");
  set("clock", text.clock[view.clock_trusted ? "yes" : "no"], !view.clock_trusted);
}

function about(text) {
  const told = [];
  if (view.reason) told.push(text.reason[view.reason]);
  if (view.hearing) told.push(text.hearing(view.hearing));
  if (view.not_public) told.push(text.not_public);
  if (view.opened_at) told.push(text.since(time(view.opened_at)));
  if (view.opens_at) told.push(text.opens(time(view.opens_at)));
  return told;
}

function name(text, seat) {
  return seat.role ? text.role[seat.role] : seat.seat;
}

function drawSeats(text) {
  const list = find("seats");
  while (list.children.length > view.seats.length) list.lastChild.remove();
  view.seats.forEach((seat, number) => {
    const box = list.children[number] || list.appendChild(newSeat());
    box.dataset.seat = seat.seat;
    box.dataset.sounds = seat.sounds;
    const [title, small, bar, sounds] = box.children;
    title.textContent = name(text, seat);
    small.textContent = seat.role ? seat.seat : "";
    const share = seat.db === undefined ? 0 : Math.min(1, Math.max(0, 1 - seat.db / FLOOR_DB));
    bar.firstChild.style.width = `${share * 100}%`;
    sounds.textContent = text.sounds[seat.sounds];
  });
}

function newSeat() {
  const box = document.createElement("li");
  box.className = "seat";
  const bar = Object.assign(document.createElement("div"), { className: "bar" });
  bar.append(document.createElement("i"));
  const sounds = Object.assign(document.createElement("span"), { className: "sounds" });
  box.append(document.createElement("strong"), document.createElement("small"), bar, sounds);
  return box;
}

function tick() {
  const now = new Date();
  if (performance.now() - heard > STALE_MS && view.state !== "away") {
    view = AWAY;
    draw();
  }
  set("now", now.toLocaleTimeString("zh-CN", { hour12: false }));
  const seconds = view.opened_at && view.state !== "closed" ? Math.max(0, Math.floor((now - new Date(view.opened_at)) / 1000)) : null;
  set("elapsed", seconds === null ? "" : [seconds / 3600, seconds / 60 % 60, seconds % 60].map((part) => String(Math.floor(part)).padStart(2, "0")).join(":"));
}

find("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  draw();
});
new EventSource("views").onmessage = (event) => {
  const told = JSON.parse(event.data);
  view = told.state === "away" ? AWAY : told;
  heard = performance.now();
  draw();
};
setInterval(tick, 250);
draw();
tick();
