// Shows the view the station sends, and sends back a PIN.
"use strict";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "erase", "0", "ok"];
const LONGEST_PIN = 12;
const SILENT_MS = 12000;
let language = localStorage.getItem("language") || "zh";
let view = { state: "away" };
let pin = "";
let until = 0;
let heard = Date.now();

const find = (id) => document.getElementById(id);
const words = () => WORDS[language];

function draw() {
  const text = words();
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = text.title;
  document.body.dataset.state = view.state;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = text[part.dataset.text];
  find("language").textContent = text.switch;
  find("pad").querySelectorAll("button").forEach((key) => { key.textContent = text[key.value] || key.value; });
  if (view.state === "pin") drawPin(text);
  if (view.state === "refused") drawRefusal(text);
  drawDoors(text);
}

function drawPin(text) {
  find("pin-title").textContent = text.pin_title(view.cell);
  find("pin-note").textContent = view.tries === undefined ? text.pin_note : text.pin_wrong(view.tries);
  find("pin-note").classList.toggle("wrong", view.tries !== undefined);
  find("digits").textContent = "●".repeat(pin.length) || " ";
}

function drawRefusal(text) {
  const [why, what] = text.why[view.why] || text.why.rejected;
  find("why").textContent = why;
  find("why-do").textContent = what;
  find("why-code").textContent = view.why;
}

function drawDoors(text) {
  find("doors").replaceChildren(...(view.doors || []).map((door) => {
    const box = document.createElement("div");
    box.className = door.late ? "door late" : "door";
    const title = document.createElement("strong");
    title.textContent = (door.late ? text.door_late : text.door_open)(door.cell);
    const what = document.createElement("span");
    what.textContent = door.late ? "" : text.door_do;
    box.append(title, what);
    return box;
  }));
}

function show(next) {
  if (next.state !== "pin" || next.cell !== view.cell || next.tries !== view.tries) pin = "";
  view = next;
  until = next.seconds ? Date.now() + next.seconds * 1000 : 0;
  draw();
}

function send(typed) {
  return fetch("typed", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(typed) });
}

function press(key) {
  if (view.state !== "pin") return;
  if (key === "ok") {
    if (pin) send({ pin });
    pin = "";
  } else if (key === "erase") {
    pin = pin.slice(0, -1);
  } else if (pin.length < LONGEST_PIN) {
    pin += key;
  }
  draw();
}

function back() {
  if (view.state === "pin" || view.state === "refused") send({});
}

function tick() {
  const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
  find("left").textContent = until ? words().pin_left(left) : "";
  find("left").classList.toggle("soon", left <= 10);
  if (Date.now() - heard > SILENT_MS && view.state !== "away") show({ state: "away" });
}

function follow() {
  const source = new EventSource("views");
  source.onmessage = (event) => { heard = Date.now(); show(JSON.parse(event.data)); };
  source.addEventListener("beat", () => { heard = Date.now(); });
}

find("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  localStorage.setItem("language", language);
  draw();
});
for (const key of KEYS) {
  const button = Object.assign(document.createElement("button"), { type: "button", value: key, className: key });
  button.addEventListener("click", () => press(key));
  find("pad").append(button);
}
const cancel = Object.assign(document.createElement("button"), { type: "button", className: "wide back" });
cancel.dataset.text = "back";
find("pad").after(cancel);
document.querySelectorAll(".back").forEach((button) => button.addEventListener("click", back));
document.addEventListener("keydown", (event) => {
  const key = { Backspace: "erase", Enter: "ok" }[event.key] || event.key;
  if (key === "Escape") back();
  else if (KEYS.includes(key) && event.target.tagName !== "BUTTON") press(key);
});
setInterval(tick, 500);
draw();
follow();
