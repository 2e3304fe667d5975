"use strict";
const view = document.getElementById("view");
const picture = view.querySelector("svg");
const nodes = [...picture.querySelectorAll("[data-node]")];
const lines = [...picture.querySelectorAll("[data-from]")];
// The executions of a recorded run, beside the picture.
const bars = [...document.querySelectorAll("[data-bar]")];
const keyOf = (part) => part.dataset.node ?? part.dataset.bar;
const whole = picture.viewBox.baseVal;
const size = { width: whole.width, height: whole.height };

// Moving about: the middle of what is shown, and how many pixels of the screen one of the picture takes.
const seen = { x: 0, y: 0, scale: 1 };
function show() {
  const { clientWidth: width, clientHeight: height } = view;
  const w = width / seen.scale, h = height / seen.scale;
  picture.setAttribute("viewBox", [seen.x - w / 2, seen.y - h / 2, w, h].join(" "));
  document.getElementById("scale").textContent = Math.round(seen.scale * 100) + "%";
}
function fit() {
  const { clientWidth: width, clientHeight: height } = view;
  seen.scale = Math.min(width / size.width, height / size.height, 1.25);
  seen.x = size.width / 2;
  seen.y = size.height / 2;
  show();
}
// Begins at a scale that can be read, at the top, when the whole is too large for the window.
function begin() {
  fit();
  if (seen.scale < 0.6) {
    seen.scale = Math.min(1, Math.max(0.6, view.clientWidth / size.width));
    seen.y = view.clientHeight / seen.scale / 2;
    const start = picture.querySelector(".start-shape");
    if (start && view.clientWidth / seen.scale < size.width) {
      seen.x = start.cx.baseVal.value;
    }
    show();
  }
}
function zoom(factor, x = view.clientWidth / 2, y = view.clientHeight / 2) {
  const scale = Math.min(6, Math.max(0.05, seen.scale * factor));
  const dx = x - view.clientWidth / 2, dy = y - view.clientHeight / 2;
  seen.x += dx / seen.scale - dx / scale;
  seen.y += dy / seen.scale - dy / scale;
  seen.scale = scale;
  show();
}
function here(event) {
  const box = view.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
view.addEventListener("wheel", (event) => {
  event.preventDefault();
  const step = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
  zoom(Math.exp(-Math.max(-240, Math.min(240, step)) / 500), ...here(event));
}, { passive: false });

const fingers = new Map();
let moved = 0;
view.addEventListener("pointerdown", (event) => {
  if (fingers.size === 0) moved = 0;
  fingers.set(event.pointerId, here(event));
});
addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = here(event);
  const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
  fingers.set(event.pointerId, now);
  moved += Math.hypot(now[0] - before[0], now[1] - before[1]);
  if (others.length > 0) {
    const [other] = others;
    const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
    zoom(apart(now) / apart(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  } else if (moved > 4) {
    seen.x -= (now[0] - before[0]) / seen.scale;
    seen.y -= (now[1] - before[1]) / seen.scale;
    forget();
    show();
  }
});
for (const end of ["pointerup", "pointercancel"]) {
  addEventListener(end, (event) => fingers.delete(event.pointerId));
}
document.getElementById("in").onclick = () => zoom(1.25);
document.getElementById("out").onclick = () => zoom(0.8);
document.getElementById("fit").onclick = fit;
addEventListener("resize", show);

// What is known of a node: shown on hover and focus, kept by a click.
let asked = null;
let pinned = false;
const card = (node) => document.getElementById("card-" + keyOf(node));
function forget() {
  if (!asked) return;
  card(asked).hidden = true;
  card(asked).classList.remove("pinned");
  asked = null;
  pinned = false;
  for (const part of [...nodes, ...lines, ...bars]) part.classList.remove("dim", "hot", "chosen");
}
function ask(node) {
  forget();
  asked = node;
  const near = bars.includes(node) ? highlightBar(node) : highlight(node);
  const article = card(node);
  article.hidden = false;
  const [left, top] = place(article, node.getBoundingClientRect(), near);
  article.style.left = left + "px";
  article.style.top = top + "px";
}
// Where the card hides the fewest of the nodes that it is about: beside the node, else in a corner.
function place(article, at, near) {
  const { offsetWidth: width, offsetHeight: height } = article;
  const boxes = near.map((node) => node.getBoundingClientRect());
  const main = view.getBoundingClientRect();
  const edge = 12;
  const hidden = ([left, top]) => boxes.filter((box) =>
    box.left < left + width && box.right > left && box.top < top + height && box.bottom > top).length;
  const inside = ([left, top]) => [
    Math.max(edge, Math.min(left, innerWidth - width - edge)),
    Math.max(edge, Math.min(top, innerHeight - height - edge)),
  ];
  const below = [at.left, at.bottom + edge];
  // Of an execution, what is said stands among the others and not on the picture.
  const choices = [
    ...(near[0]?.dataset.bar ? [below] : []),
    [at.right + 16, at.top],
    [at.left - 16 - width, at.top],
    [main.right - width - edge, main.top + edge],
    [main.left + edge, main.top + edge],
    [main.right - width - edge, main.bottom - height - edge],
    [main.left + edge, main.bottom - height - edge],
    below,
    [at.left, at.top - edge - height],
  ].map(inside);
  return choices.reduce((best, choice) => (hidden(choice) < hidden(best) ? choice : best));
}
// A step with its events and the steps on their other side; an event with all that gives or takes it.
function highlight(node) {
  const key = node.dataset.node;
  const near = new Set([key]);
  const isEvent = (key) => key[0] === "e" || key[0] === "f";
  const touches = (line, key) => line.dataset.from === key || line.dataset.to === key;
  const hot = new Set(lines.filter((line) => touches(line, key)));
  for (const line of [...hot]) {
    const gives = line.dataset.from === key;
    const other = gives ? line.dataset.to : line.dataset.from;
    near.add(other);
    if (!isEvent(other)) continue;
    for (const next of lines) {
      if ((gives ? next.dataset.from : next.dataset.to) !== other) continue;
      hot.add(next);
      near.add(gives ? next.dataset.to : next.dataset.from);
    }
  }
  for (const line of lines) line.classList.add(hot.has(line) ? "hot" : "dim");
  for (const other of nodes) if (!near.has(other.dataset.node)) other.classList.add("dim");
  if (key[0] === "s" && key !== "start" && key !== "stop") {
    for (const bar of bars) bar.classList.toggle("dim", bar.dataset.step !== key);
  }
  node.classList.add("chosen");
  return nodes.filter((other) => near.has(other.dataset.node));
}
// An execution, with its step in the picture if that is there.
function highlightBar(bar) {
  const step = nodes.find((node) => node.dataset.node === bar.dataset.step);
  const near = step ? highlight(step) : [];
  step?.classList.add("chosen");
  for (const other of bars) other.classList.toggle("dim", other !== bar);
  bar.classList.add("chosen");
  return [bar, ...near];
}
function pin(node) {
  const again = pinned && asked === node;
  ask(node);
  if (again) return forget();
  pinned = true;
  card(node).classList.add("pinned");
}
for (const node of [...nodes, ...bars]) {
  node.setAttribute("tabindex", "0");
  node.setAttribute("role", "button");
  node.setAttribute("aria-label", card(node).querySelector("h2").textContent);
  node.addEventListener("pointerenter", () => { if (!pinned && fingers.size === 0) ask(node); });
  node.addEventListener("pointerleave", () => { if (!pinned) forget(); });
  node.addEventListener("focus", () => { if (!pinned && node.matches(":focus-visible")) ask(node); });
  node.addEventListener("blur", () => { if (!pinned) forget(); });
  node.addEventListener("click", (event) => {
    event.stopPropagation();
    if (moved <= 4) pin(node);
  });
}
document.getElementById("time")?.addEventListener("click", forget);
view.addEventListener("click", () => { if (moved <= 4) forget(); });
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") forget();
  else if (event.key === "+" || event.key === "=") zoom(1.25);
  else if (event.key === "-") zoom(0.8);
  else if (event.key === "0") fit();
  else if (event.key === "Enter" && asked === document.activeElement && asked) pin(asked);
});
begin();
