"use strict";
const byId = (id) => document.getElementById(id);
const cards = new Map();
let status = null;
let shown = "";
let silent = false;

// Every click is answered with what the page shows then.
async function send(method, path, body) {
  try {
    const raw = body instanceof Blob || body === undefined;
    const answer = await fetch(path, { method, body: raw ? body : JSON.stringify(body) });
    const told = await answer.json();
    if (!answer.ok) return notice(told.error);
    notice("");
    return take(told);
  } catch {
    return gone();
  }
}

function notice(text) {
  byId("notice").textContent = text;
  byId("notice").hidden = !text;
}

function gone() {
  silent = true;
  notice(status && status.finished
    ? "The review is finished. You can close this page."
    : "sdbr does not answer. Every click is saved: run the same command again and open its new address.");
}

async function poll() {
  try {
    const answer = await fetch("state");
    const told = await answer.json();
    if (!answer.ok) notice(told.error);
    else {
      take(told);
      if (silent) notice("");
      silent = false;
    }
  } catch {
    gone();
  }
  if (status && status.finished) return;
  setTimeout(poll, status && (busy() || status.film.making) ? 1000 : 3000);
}

function take(told) {
  const text = JSON.stringify(told);
  if (text === shown) return;
  shown = text;
  status = told;
  render();
}

const usd = (amount) => `${amount} USD`;
const seconds = (at) => `${at.toFixed(2)} s`;

function render() {
  document.title = `${status.name} – review`;
  byId("name").textContent = status.name;
  byId("about").textContent = [status.prompt, status.model, status.emulated ? "emulated, not billed" : ""]
    .filter(Boolean).join(" · ");
  byId("spent").textContent = usd(status.spent);
  byId("cap").textContent = status.cap === null ? "none" : usd(status.cap);
  byId("price").textContent = usd(status.price);
  byId("approved").textContent = `${status.approved} of ${status.total}`;
  const { missing, film, cap } = status;
  byId("tally").textContent = `${status.spent}${cap === null ? "" : ` of ${cap}`} USD spent · ${status.approved} of ${status.total} approved`;
  byId("missing").hidden = !missing.keyframes.length;
  byId("missing").textContent = `Generate ${missing.keyframes.length} missing · ${usd(missing.price)}`;
  byId("approve-all").disabled = status.ready === 0 || status.approved === status.total;
  byId("film").disabled = status.approved < status.total || film.making;
  byId("film").textContent = film.making ? "Making the film…" : "Make the film · 0.00 USD";
  byId("finish").disabled = film.making || busy();
  if (!cards.size) build();
  for (const one of status.shots.flatMap((shot) => shot.keyframes)) update(cards.get(one.number), one);
  renderFilm(film);
}

function renderFilm(film) {
  const section = byId("result");
  section.hidden = !film.path && !film.error;
  section.querySelector(".path").textContent = film.error || film.path;
  const screen = section.querySelector(".screen");
  const key = film.making ? "" : `${film.shown_as}${film.version}`;
  if (screen.dataset.key === key) return;
  screen.dataset.key = key;
  screen.replaceChildren();
  if (!film.shown_as || film.making) return;
  const element = document.createElement(film.shown_as === "video" ? "video" : "img");
  element.src = `film/${film.version}`;
  element.controls = element.loop = element.playsInline = true;
  screen.append(element);
}

function build() {
  status.shots.forEach((shot, number) => {
    const section = byId("shot").content.cloneNode(true).firstElementChild;
    const [first, last] = shot.frames;
    const [from, to] = shot.seconds.map(seconds);
    section.querySelector("h2").textContent = `Shot ${number + 1}: frames ${first} to ${last}, ${from} to ${to}`;
    for (const one of shot.keyframes) {
      const card = keyframeCard(one);
      cards.set(one.number, card);
      section.querySelector("main").append(card);
    }
    byId("shots").append(section);
  });
}

const busy = () => status.shots.some((shot) => shot.keyframes.some((one) => one.busy));
const chosen = (one) => one.takes[one.chosen];
const current = (number) => status.shots.flatMap((shot) => shot.keyframes).find((one) => one.number === number);

function keyframeCard(first) {
  const card = byId("keyframe").content.cloneNode(true).firstElementChild;
  const find = (what) => card.querySelector(what);
  const number = first.number;
  const stack = find(".stack");
  find(".before").src = `source/${number}`;
  stack.style.setProperty("--shape", status.size[0] / status.size[1]);
  stack.style.aspectRatio = `${status.size[0]} / ${status.size[1]}`;
  find("h3").append(`Frame ${number + 1}`, Object.assign(document.createElement("small"), { textContent: seconds(first.seconds) }));
  find(".strength-label").hidden = !status.takes_strength;
  find(".seed").hidden = !status.takes_seed;

  const split = find(".split");
  const slide = (share) => {
    split.value = share;
    stack.style.setProperty("--split", `${share}%`);
  };
  split.addEventListener("input", () => slide(split.value));
  for (const kind of ["pointerdown", "pointermove"]) {
    stack.addEventListener(kind, (event) => {
      if (kind === "pointermove" && !event.buttons) return;
      const box = stack.getBoundingClientRect();
      slide(Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100)));
    });
  }

  const prompt = find(".prompt");
  const strength = find(".strength");
  const fields = () => ({
    number,
    prompt: prompt.value,
    strength: strength.dataset.untouched ? null : Number(strength.value),
  });
  prompt.addEventListener("input", () => { prompt.dataset.dirty = "1"; update(card, current(number)); });
  strength.addEventListener("input", () => {
    delete strength.dataset.untouched;
    strength.dataset.dirty = "1";
    update(card, current(number));
  });
  const generate = (seed) => {
    const body = { ...fields(), seed, price: status.price };
    for (const field of [prompt, strength]) delete field.dataset.dirty;
    send("POST", "generate", body);
  };
  find(".seed").addEventListener("click", () => generate(current(number).new_seed));
  find(".changed").addEventListener("click", () => {
    const one = current(number);
    generate(one.seed);
  });
  find(".generate").addEventListener("click", () => {
    const { prompt: words, strength: much, seed } = chosen(current(number));
    send("POST", "generate", { number, prompt: words, strength: much, seed, price: status.price });
  });
  find(".approve").addEventListener("click", () => {
    send("POST", "approve", { keyframes: [number], approved: !current(number).approved });
  });
  const supply = (file) => file && send("PUT", `own/${number}`, file);
  find(".own").addEventListener("change", (event) => {
    supply(event.target.files[0]);
    event.target.value = "";
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    card.addEventListener(kind, (event) => {
      event.preventDefault();
      card.classList.toggle("over", kind === "dragover");
      if (kind === "drop") supply(event.dataTransfer.files[0]);
    });
  }
  find(".paint").addEventListener("click", () => paint(number));
  return card;
}

function update(card, one) {
  const find = (what) => card.querySelector(what);
  const now = chosen(one);
  card.classList.toggle("approved", one.approved);
  card.classList.toggle("busy", one.busy);
  const after = find(".after");
  const source = one.ready ? `picture/${one.number}/${now.name}` : "";
  if (source && after.getAttribute("src") !== source) after.src = source;
  after.hidden = !one.ready;
  for (const what of [".side.left", ".side.right", ".bar"]) find(what).hidden = !one.ready;
  find(".stack").classList.toggle("pair", one.ready);
  find(".before").style.clipPath = one.ready ? "" : "none";
  find(".waiting").textContent = one.busy ? "Generating…" : one.ready ? "" : "Not generated yet";
  find(".error").hidden = !one.error;
  find(".error").textContent = one.error;

  const approve = find(".approve");
  approve.textContent = one.approved ? "Approved" : "Approve";
  approve.setAttribute("aria-pressed", one.approved);
  approve.disabled = !one.ready || one.busy;
  const generate = find(".generate");
  generate.hidden = one.ready || one.busy || now.own;
  generate.textContent = `Generate · ${usd(status.price)}`;
  const seed = find(".seed");
  seed.hidden = !status.takes_seed || !one.takes.some((take) => take.ready);
  seed.disabled = one.busy;
  seed.textContent = `New seed · ${usd(status.price)}`;

  const prompt = find(".prompt");
  const strength = find(".strength");
  if (!prompt.dataset.dirty) prompt.value = one.prompt;
  if (!strength.dataset.dirty) {
    if (one.strength === null) strength.dataset.untouched = "1";
    else delete strength.dataset.untouched;
    strength.value = one.strength ?? 0.5;
  }
  find("output").textContent = strength.dataset.untouched ? "default" : Number(strength.value).toFixed(2);
  const dirty = prompt.dataset.dirty || strength.dataset.dirty;
  find(".changed").disabled = one.busy || !dirty;
  find(".changed").textContent = `Generate with changes · ${usd(status.price)}`;
  find(".paint").disabled = !one.ready || one.busy;
  find(".paint").textContent = one.mask ? "Change the mask" : "Paint a mask";
  renderTakes(find(".takes"), one);
}

function renderTakes(row, one) {
  const ready = one.takes.filter((each) => each.ready);
  row.hidden = ready.length < 2;
  const key = JSON.stringify([one.takes, one.chosen]);
  if (row.dataset.key === key) return;
  row.dataset.key = key;
  row.replaceChildren(...one.takes.map((each, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = each.own ? "Own picture" : `Seed ${each.seed}: ${each.prompt}`;
    button.setAttribute("aria-label", `Take ${index + 1}: ${button.title}`);
    button.setAttribute("aria-pressed", index === one.chosen);
    const image = document.createElement(each.ready ? "img" : "span");
    if (each.ready) Object.assign(image, { src: `picture/${one.number}/${each.name}`, alt: "" });
    else image.textContent = "none";
    button.append(image);
    button.addEventListener("click", () => send("POST", "choose", { number: one.number, take: index }));
    return button;
  }));
}

// What is white in the mask becomes ink, as it was painted.
function showMask(pen, source) {
  const image = new Image();
  image.onload = () => {
    const { width, height } = pen.canvas;
    pen.drawImage(image, 0, 0, width, height);
    const pixels = pen.getImageData(0, 0, width, height);
    for (let i = 0; i < pixels.data.length; i += 4) pixels.data.set([255, 68, 0, pixels.data[i]], i);
    pen.putImageData(pixels, 0, 0);
  };
  image.src = source;
}

// The mask is white where the source stays.
function paint(number) {
  const dialog = byId("painter");
  const image = dialog.querySelector("img");
  const canvas = dialog.querySelector("canvas");
  const pen = canvas.getContext("2d");
  const brush = dialog.querySelector(".brush input");
  [canvas.width, canvas.height] = status.size;
  const { mask } = current(number);
  if (mask) showMask(pen, `mask/${number}/${mask}`);
  canvas.parentElement.style.setProperty("--shape", status.size[0] / status.size[1]);
  image.src = cards.get(number).querySelector(".after").src;
  let last = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * canvas.width, ((event.clientY - box.top) / box.height) * canvas.height];
  };
  const stroke = (event) => {
    if (!last) return;
    const next = at(event);
    pen.lineWidth = (brush.value / 100) * canvas.width;
    pen.lineCap = "round";
    pen.strokeStyle = "#f40";
    pen.beginPath();
    pen.moveTo(...last);
    pen.lineTo(...next);
    pen.stroke();
    last = next;
  };
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    last = at(event);
    stroke(event);
  };
  canvas.onpointermove = stroke;
  canvas.onpointerup = canvas.onpointercancel = () => { last = null; };
  dialog.querySelector(".clear").onclick = () => pen.clearRect(0, 0, canvas.width, canvas.height);
  dialog.querySelector(".cancel").onclick = () => dialog.close();
  dialog.querySelector(".save").onclick = () => {
    const plane = document.createElement("canvas");
    [plane.width, plane.height] = status.size;
    const ink = plane.getContext("2d");
    ink.drawImage(canvas, 0, 0);
    ink.globalCompositeOperation = "source-in";
    ink.fillStyle = "#fff";
    ink.fillRect(0, 0, plane.width, plane.height);
    ink.globalCompositeOperation = "destination-over";
    ink.fillStyle = "#000";
    ink.fillRect(0, 0, plane.width, plane.height);
    plane.toBlob((data) => send("PUT", `mask/${number}`, data).then(() => dialog.close()), "image/png");
  };
  dialog.showModal();
}

byId("missing").addEventListener("click", () => send("POST", "generate-missing", status.missing));
byId("approve-all").addEventListener("click", () => {
  const keyframes = status.shots.flatMap((shot) => shot.keyframes).map((one) => one.number);
  send("POST", "approve", { keyframes, approved: true });
});
byId("film").addEventListener("click", () => send("POST", "film"));
byId("finish").addEventListener("click", () => send("POST", "finish"));
poll();
