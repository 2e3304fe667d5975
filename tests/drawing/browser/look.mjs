// Look: opens pictures in a browser, does there what it is asked to, and tells what is to be seen.
//
// node look.mjs <browser> reads a request as JSON from its input and answers in JSON; it judges nothing.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const mermaid = fileURLToPath(import.meta.resolve("mermaid/dist/mermaid.min.js"));

/** A page that tells what it fetched and what went wrong in it. */
async function open(browser, { dark, width, height, scale }) {
  const page = await browser.newPage();
  const seen = { requests: [], errors: [], dialogs: [] };
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("dialog", (dialog) => {
    seen.dialogs.push(dialog.message());
    dialog.dismiss();
  });
  await page.setViewport({ width: width ?? 1280, height: height ?? 800, deviceScaleFactor: scale ?? 1 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }]);
  return { page, seen };
}

/** Each text of Mermaid drawn by Mermaid: the words in the picture, or why there is none. */
async function drawMermaid(browser, { texts }) {
  const { page, seen } = await open(browser, {});
  await page.goto("about:blank");
  await page.addScriptTag({ path: mermaid });
  const pictures = await page.evaluate(async (texts) => {
    globalThis.mermaid.initialize({ startOnLoad: false });
    const pictures = [];
    for (const [index, text] of texts.entries()) {
      try {
        await globalThis.mermaid.parse(text);
        const { svg } = await globalThis.mermaid.render("picture" + index, text);
        const holder = document.createElement("div");
        holder.innerHTML = svg;
        const words = (selector) => [...holder.querySelectorAll(selector)].map((part) => part.textContent.trim());
        pictures.push({ nodes: words(".nodeLabel"), arrows: words(".edgeLabel").filter((word) => word) });
      } catch (error) {
        pictures.push({ error: String(error) });
      }
    }
    return pictures;
  }, texts);
  return { pictures, ...seen };
}

/** What can be measured in a picture: words that stick out, nodes that overlap, lines over nodes. */
function measure() {
  const picture = document.querySelector("svg.workflow");
  const box = (part) => part.getBoundingClientRect();
  const nodes = [...picture.querySelectorAll("[data-node]")].map((node) => ({
    key: node.dataset.node,
    shape: box([...node.querySelectorAll("rect,circle,path")].filter((part) => !part.matches(".bar,.ring")).at(-1)),
    texts: [...node.querySelectorAll("text")].map((text) => ({ words: text.textContent, at: box(text), size: parseFloat(getComputedStyle(text).fontSize) })),
  }));
  const within = (inner, outer, room) =>
    inner.left >= outer.left + room && inner.right <= outer.right - room && inner.top >= outer.top && inner.bottom <= outer.bottom;
  const apart = (one, other) =>
    one.right < other.left || other.right < one.left || one.bottom < other.top || other.bottom < one.top;
  const sticksOut = [], overlaps = [], crossed = [];
  for (const node of nodes) {
    for (const text of node.texts) if (!within(text.at, node.shape, 3)) sticksOut.push(node.key + ": " + text.words);
  }
  nodes.forEach((one, place) => {
    for (const other of nodes.slice(place + 1)) if (!apart(one.shape, other.shape)) overlaps.push(one.key + " " + other.key);
  });
  for (const line of picture.querySelectorAll("[data-from]")) {
    const way = line.querySelector(".way");
    const matrix = way.getScreenCTM();
    const length = way.getTotalLength();
    const { from, to } = line.dataset;
    for (let at = 0; at <= length; at += 4) {
      const point = way.getPointAtLength(at).matrixTransform(matrix);
      for (const { key, shape } of nodes) {
        const inside = point.x > shape.left && point.x < shape.right && point.y > shape.top && point.y < shape.bottom;
        if (inside && key !== from && key !== to) crossed.push(from + " " + to + " over " + key);
      }
    }
  }
  const page = box(picture);
  const cutOff = nodes.filter((node) => !within(node.shape, page, 0)).map((node) => node.key);
  const sizes = nodes.flatMap((node) => node.texts.map((text) => text.size));
  return {
    nodes: nodes.length,
    words: nodes.map((node) => node.texts.map((text) => text.words).join(" ")),
    titles: [...picture.querySelectorAll("[data-node] > title")].map((title) => title.textContent),
    sticksOut, overlaps, crossed: [...new Set(crossed)], cutOff,
    smallestText: Math.min(...sizes),
    page: getComputedStyle(picture.querySelector(".page")).fill,
  };
}

/** Pictures opened from disk, measured, and saved as images where that is wanted. */
async function measureFiles(browser, { files, ...options }) {
  const pictures = [];
  for (const { file, image } of files) {
    const { page, seen } = await open(browser, options);
    await page.goto("file://" + file);
    const size = await page.evaluate(() => {
      const box = document.querySelector("svg.workflow").viewBox.baseVal;
      return { width: Math.ceil(box.width), height: Math.ceil(box.height) };
    });
    await page.setViewport({ ...size, deviceScaleFactor: options.scale ?? 1 });
    pictures.push({ ...(await page.evaluate(measure)), ...seen });
    if (image) await page.screenshot({ path: image });
    await page.close();
  }
  return { pictures };
}

/** What is to be seen of a page at the moment. */
function state() {
  const cards = [...document.querySelectorAll("#cards > article")].filter((card) => !card.hidden);
  const inside = (at) => at.left >= 0 && at.top >= 0 && at.right <= innerWidth && at.bottom <= innerHeight;
  return {
    cards: cards.map((card) => ({
      key: card.id.replace("card-", ""),
      text: card.innerText,
      pinned: card.classList.contains("pinned"),
      inside: inside(card.getBoundingClientRect()),
    })),
    dim: [...document.querySelectorAll("[data-node].dim")].map((node) => node.dataset.node),
    dimBars: [...document.querySelectorAll("[data-bar].dim")].map((bar) => bar.dataset.bar),
    shown: document.querySelector("#view svg").getAttribute("viewBox"),
    scale: document.getElementById("scale").textContent,
    title: document.title,
  };
}

/** Pages opened from disk, the actions done in each one after the other, and its state after each. */
async function usePages(browser, { pages, ...options }) {
  const used = [];
  for (const page of pages) used.push(await use(browser, { ...page, ...options }));
  return { pages: used };
}

async function use(browser, { file, actions, ...options }) {
  const { page, seen } = await open(browser, options);
  await page.goto("file://" + file);
  const states = [];
  const middle = async (selector) => {
    const box = await (await page.$(selector)).boundingBox();
    return [box.x + box.width / 2, box.y + box.height / 2];
  };
  const node = (key) => `[data-node="${key}"]`;
  const bar = (key) => `[data-bar="${key}"] .bar-shape`;
  const doing = {
    hover: async (key) => page.mouse.move(...(await middle(node(key)))),
    click: async (key) => page.mouse.click(...(await middle(node(key)))),
    hoverBar: async (key) => page.mouse.move(...(await middle(bar(key)))),
    clickBar: async (key) => page.mouse.click(...(await middle(bar(key)))),
    press: async (selector) => page.click(selector),
    key: async (key) => page.keyboard.press(key),
    leave: async () => page.mouse.move(3, 120),
    wheel: async (by) => page.mouse.wheel({ deltaY: by }),
    drag: async (x, y) => {
      await page.mouse.move(30, 200);
      await page.mouse.down();
      await page.mouse.move(30 + x, 200 + y, { steps: 5 });
      await page.mouse.up();
    },
    image: async (path) => page.screenshot({ path }),
    wait: async () => {},
  };
  for (const [action, ...how] of actions) {
    await doing[action](...how);
    // What an event sets off has been done when the page has drawn itself once more.
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
    states.push(await page.evaluate(state));
  }
  await page.close();
  return { states, ...seen };
}

const request = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({
  executablePath: process.argv[2],
  args: ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"],
});
try {
  const answers = { mermaid: drawMermaid, measure: measureFiles, use: usePages };
  process.stdout.write(JSON.stringify(await answers[request.ask](browser, request)));
} finally {
  await browser.close();
}
