// Draws every emulated device, and sends what a person does to it.
"use strict";

const WEATHER = {
  delay_s: ["延迟（秒）", { type: "range", min: 0, max: 3, step: 0.05 }],
  drop: ["丢失", { type: "range", min: 0, max: 1, step: 0.05 }],
  garble: ["错码", { type: "range", min: 0, max: 1, step: 0.05 }],
  duplicate: ["重复", { type: "range", min: 0, max: 1, step: 0.05 }],
  split: ["拆成小段（字节）", { type: "range", min: 0, max: 16, step: 1 }],
  glue: ["粘连", { type: "checkbox" }],
  echo: ["回声", { type: "checkbox" }],
  unplugged: ["拔掉线缆", { type: "checkbox" }],
};
const drawn = new Map();

function element(tag, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(tag), attributes);
  made.append(...children);
  return made;
}

async function call(path, body) {
  const options = body === undefined ? {} :
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function read(input, kind) {
  if (kind === "bool") return input.checked;
  return kind === "int" ? Number(input.value) : input.value;
}

function named(label, name) {
  return [label, " ", element("small", {}, name)];
}

// Hands that take the same share one row: what is taken is written once, and each has its button.
function handRows(device) {
  const rows = new Map();
  for (const [name, hand] of Object.entries(device.hands)) {
    const kinds = Object.values(hand.args);
    if (kinds.length === 1 && kinds[0] === "bool") rows.set(name, switchRow(device.name, name, hand));
    else {
      const takes = JSON.stringify(hand.args);
      if (!rows.has(takes)) rows.set(takes, handForm(device.name, hand.args));
      rows.get(takes).append(element("button", { value: name }, ...named(hand.label, name)));
    }
  }
  return rows.values();
}

function handForm(device, args) {
  const inputs = Object.entries(args).map(([arg, kind]) => [arg, kind, element("input", {
    type: { bool: "checkbox", int: "number", str: "text" }[kind], title: arg, ariaLabel: arg, placeholder: arg, required: kind !== "bool",
  })]);
  const form = element("form", {}, ...inputs.map(([, , input]) => input));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await push(device, event.submitter.value, Object.fromEntries(inputs.map(([arg, kind, input]) => [arg, read(input, kind)])));
  });
  return form;
}

function switchRow(device, name, hand) {
  const [arg] = Object.keys(hand.args);
  const button = (on, label) => {
    const made = element("button", {}, label);
    made.addEventListener("click", () => push(device, name, { [arg]: on }));
    return made;
  };
  return element("p", {}, ...named(hand.label, name), " ", button(true, "是 on"), button(false, "否 off"));
}

async function push(device, hand, args) {
  const error = drawn.get(device).querySelector(".error");
  try {
    update(await call(`api/devices/${device}/hands/${hand}`, args));
    error.textContent = "";
  } catch (failure) {
    error.textContent = failure.message;
  }
}

function weatherRow(device, name, [label, kind]) {
  const input = element("input", { ...kind, name });
  const shown = element("output");
  input.addEventListener("input", () =>
    call(`api/devices/${device}/weather`, { [name]: kind.type === "checkbox" ? input.checked : Number(input.value) }).then(update));
  return element("label", {}, element("span", {}, ...named(label, name)), input, shown);
}

function draw(device) {
  const section = document.getElementById("device").content.cloneNode(true).firstElementChild;
  section.querySelector("h2").append(device.name, " ", element("small", {}, device.driver));
  section.querySelector(".about").textContent = device.about;
  section.querySelector(".hands").append(...handRows(device), element("p", { className: "error" }));
  section.querySelector(".weather div").append(...Object.entries(WEATHER).map(([name, row]) => weatherRow(device.name, name, row)));
  document.getElementById("devices").append(section);
  drawn.set(device.name, section);
  return section;
}

function doorButtons(device, doors) {
  return element("div", { className: "doors" }, ...Object.entries(doors).map(([cell, door]) => {
    const hand = door === "open" ? "shut" : "force";
    const button = element("button", { className: door, title: device.hands[hand].label },
      `${cell} ${door === "open" ? "开" : "关"}`);
    button.addEventListener("click", () => push(device.name, hand, { cell: Number(cell) }));
    return button;
  }));
}

function inWords(value) {
  if (value === null || value === "" || (Array.isArray(value) && !value.length)) return "—";
  if (typeof value === "boolean") return value ? "是 yes" : "否 no";
  if (typeof value !== "object") return String(value);
  if (!Array.isArray(value)) {
    const there = Object.entries(value).filter(([, each]) => each);
    return there.map(([name, each]) => `${name}: ${inWords(each)}`).join("\n") || "—";
  }
  if (value.every(Array.isArray)) return value.map(inWords).join("\n－－－－－－\n");
  return value.every((row) => typeof row === "string") ? value.join("\n") : JSON.stringify(value);
}

function update(device) {
  const section = drawn.get(device.name) || draw(device);
  const { doors, ...rest } = device.look;
  const list = element("dl", {}, ...Object.entries(rest).flatMap(([name, value]) => [
    element("dt", {}, name), element("dd", {}, inWords(value))]));
  const look = section.querySelector(".look");
  const state = JSON.stringify(device.look);
  if (look.dataset.state !== state) {
    const focused = [...look.querySelectorAll("button")].indexOf(document.activeElement);
    look.replaceChildren(...(doors ? [doorButtons(device, doors)] : []), list);
    look.dataset.state = state;
    look.querySelectorAll("button")[focused]?.focus();
  }
  for (const [name, value] of Object.entries(device.weather)) {
    const input = section.querySelector(`.weather input[name=${name}]`);
    if (typeof value === "boolean") input.checked = value;
    else if (input !== document.activeElement) input.value = value;
    input.nextElementSibling.textContent = typeof value === "boolean" ? "" : value;
  }
}

async function drawWire([name, section]) {
  if (!section.querySelector(".wire").open) return;
  const wire = await call(`api/devices/${name}/wire`);
  section.querySelector(".wire p").textContent = `→ ${wire.bytes_in}　← ${wire.bytes_out}`;
  section.querySelector(".wire pre").textContent =
    wire.last.slice(-60).reverse().map(([way, bytes]) => `${way === "in" ? "→" : "←"} ${bytes}`).join("\n");
}

async function refresh() {
  try {
    (await call("api/devices")).forEach(update);
    await Promise.all([...drawn].map(drawWire));
    document.getElementById("lost").hidden = true;
  } catch {
    document.getElementById("lost").hidden = false;
  }
  setTimeout(refresh, 500);
}

refresh();
