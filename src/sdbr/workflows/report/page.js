
"use strict";
const all = (where, what) => [...where.querySelectorAll(what)];
const urls = new Map();

// Seven bits a character: see embed.py, which wrote them.
function unpack(element) {
  const text = element.textContent;
  const bytes = new Uint8Array(Number(element.dataset.size));
  let held = 0, bits = 0, at = 0;
  for (let i = 0; i < text.length; i += 1) {
    held = (held << 7) | (text.charCodeAt(i) & 127);
    bits += 7;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = held >> bits;
      at += 1;
      held &= (1 << bits) - 1;
    }
  }
  return new Blob([bytes], { type: element.dataset.type });
}

function address(name) {
  if (!urls.has(name)) {
    const source = document.getElementById(name);
    urls.set(name, URL.createObjectURL(unpack(source)));
    source.remove();
  }
  return urls.get(name);
}

function show(element) {
  const { media, poster } = element.dataset;
  if (!media || element.src) return;
  // Not every browser shows the first picture of a film that has not been played.
  if (poster) element.poster = address(poster);
  element.src = address(media);
}

// Only what comes near the screen is unpacked: a phone's memory is small.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    all(entry.target, "[data-media]").forEach(show);
    near.unobserve(entry.target);
  }
}, { rootMargin: "600px" });

// What is seen may be clear in parts; a pattern behind it before that would be taken for it.
function seen(stack, medium) {
  stack.classList.add("seen");
  shape(stack, medium.naturalWidth || medium.videoWidth, medium.naturalHeight || medium.videoHeight);
}

function shape(stack, width, height) {
  if (width && height) stack.style.setProperty("--shape", width / height);
}

function missing(card, medium) {
  medium.hidden = true;
  if (medium.matches(".before")) {
    card.querySelector(".stack").classList.remove("pair");
    all(card, ".side, input[type=range]").forEach((element) => { element.hidden = true; });
  } else if (medium.matches(".after")) {
    const note = document.createElement("p");
    note.className = "none";
    note.textContent = "This browser cannot show this file.";
    medium.after(note);
  }
}

function together(stack) {
  const videos = all(stack, "video");
  const [lead] = all(stack, "video.after");
  const others = videos.filter((video) => video !== lead);
  const offset = Number(stack.dataset.offset || 0);
  const follow = () => {
    for (const other of others) {
      const wanted = lead.currentTime + offset;
      if (Math.abs(other.currentTime - wanted) > 0.08) other.currentTime = wanted;
    }
  };
  if (lead) lead.addEventListener("timeupdate", follow);
  return () => {
    const main = lead || videos[0];
    const playing = !main.paused;
    follow();
    videos.forEach((video) => (playing ? video.pause() : video.play().catch(() => {})));
    return !playing;
  };
}

// An animation has no pause of its own: a picture of it takes its place.
function halt(card, button) {
  const stills = all(card, "canvas");
  stills.forEach((still) => still.remove());
  for (const image of all(card, ".stack img")) {
    image.hidden = !stills.length;
    if (image.hidden) {
      const still = document.createElement("canvas");
      still.className = image.className;
      still.width = image.naturalWidth;
      still.height = image.naturalHeight;
      still.getContext("2d").drawImage(image, 0, 0);
      image.after(still);
    }
  }
  button.textContent = stills.length ? "Pause" : "Play";
}

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

for (const card of all(document, ".card")) {
  near.observe(card);
  const stack = card.querySelector(".stack");
  const slider = card.querySelector("input[type=range]");
  const play = card.querySelector(".play");
  const sound = card.querySelector(".sound");
  const larger = card.querySelector(".larger");
  const halted = card.querySelector(".halt");
  larger.addEventListener("click", () => {
    larger.textContent = card.classList.toggle("large") ? "Smaller" : "Larger";
    card.scrollIntoView({ block: "start" });
  });
  if (halted) {
    halted.addEventListener("click", () => halt(card, halted));
    const image = card.querySelector("img.after");
    if (calm) image.addEventListener("load", () => halt(card, halted), { once: true });
  }
  if (slider) {
    slider.addEventListener("input", () => stack.style.setProperty("--split", `${slider.value}%`));
    const slide = (event) => {
      if (event.type === "pointermove" && !event.buttons) return;
      const box = stack.getBoundingClientRect();
      const share = Math.min(100, Math.max(0, ((event.clientX - box.left) / box.width) * 100));
      slider.value = share;
      stack.style.setProperty("--split", `${share}%`);
    };
    stack.addEventListener("pointerdown", slide);
    stack.addEventListener("pointermove", slide);
  }
  if (play) {
    const toggle = together(stack);
    play.addEventListener("click", () => { play.textContent = toggle() ? "Pause" : "Play"; });
  }
  if (sound) {
    const video = stack.querySelector("video.after");
    sound.addEventListener("click", () => {
      video.muted = !video.muted;
      sound.textContent = video.muted ? "Sound on" : "Sound off";
    });
  }
  const after = card.querySelector(".after");
  shape(stack, after.getAttribute("width"), after.getAttribute("height"));
  for (const told of ["load", "loadeddata"]) {
    after.addEventListener(told, () => seen(stack, after), { once: true });
  }
  for (const medium of all(card, "[data-media]")) {
    medium.addEventListener("error", () => missing(card, medium));
  }
}

const fields = ["words", "model", "command", "kind"].map((id) => document.getElementById(id));
function filter() {
  const [words, ...chosen] = fields;
  const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
  const cards = all(document, ".card");
  let shown = 0;
  for (const card of cards) {
    const fits = wanted.every((word) => card.dataset.words.includes(word))
      && chosen.every((field) => !field.value || card.dataset[field.id] === field.value);
    card.hidden = !fits;
    shown += fits;
    if (!fits) all(card, "video").forEach((video) => video.pause());
  }
  document.getElementById("count").textContent = `${shown} of ${cards.length}`;
  document.getElementById("nothing").hidden = shown > 0;
}
fields.forEach((field) => field.addEventListener("input", filter));
document.querySelector(".filters").addEventListener("submit", (event) => event.preventDefault());
filter();
