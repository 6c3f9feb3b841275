// The server's own camera, frame by frame: each is asked for when the one before it has come, so a slow line gets fewer
// of them and never an old one, and no connection stays open. A page that is hidden asks for nothing.

import { call } from "./calls.js";
import { api, element, page } from "./dom.js";
import { hideFrame, showFrame } from "./overlay.js";

const RETRY_AFTER = 2000; // milliseconds before a lost server is asked again
const WIDTHS = [160, 1920]; // pixels of a picture, at least and at most
const SLOW = 250; // milliseconds that a picture may be under way before the next is made smaller
const QUICK = 80; // milliseconds below which the next may be larger

// By it the server knows who still watches; another page of this browser has another.
const viewer = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

let seen = 0; // the number of the last frame
let share = 1; // of the pixels that the screen shows, as many as the line takes

function wantedWidth() {
  const shown = element("stage").clientWidth * (window.devicePixelRatio || 1) * share;
  return Math.round(Math.min(WIDTHS[1], Math.max(WIDTHS[0], shown)));
}

async function readFrame(answer) {
  const began = performance.now(); // when its head was here
  const form = await answer.formData();
  const underWay = performance.now() - began;
  if (form.has("picture")) share = underWay > SLOW ? Math.max(0.1, 0.7 * share) : Math.min(1, underWay < QUICK ? 1.05 * share : share);
  return { ...JSON.parse(form.get("event")), picture: form.get("picture"), underWay };
}

const askForFrame = (signal) => call(`live?viewer=${viewer}&seen=${seen}&width=${wantedWidth()}`, { signal, read: readFrame });

export function runServer(report, signal) {
  let run = null; // ends the asking
  let retry;

  async function show({ picture, state, frames_per_second: speed, age_seconds: age, underWay, ...event }, mine) {
    if (state !== "playing") return report(state, event);
    if (!picture) return; // it was seen before
    const image = await createImageBitmap(picture);
    if (mine.aborted) return image.close();
    showFrame(image, event);
    report(state, { ...event, speed, delay: 1000 * age + underWay });
  }

  function lose(problem) {
    const silent = problem.silent;
    share = silent ? Math.max(0.1, 0.5 * share) : share; // perhaps the line was too slow for the last one
    report(silent ? "silent" : "refused", { message: silent ? "" : problem.message, source: page.dataset.server });
    retry = setTimeout(watch, Math.max(RETRY_AFTER, 1000 * problem.wait));
  }

  // The frame after this one is on its way while this one is drawn.
  async function watch() {
    if (document.hidden || signal.aborted) return;
    const mine = (run = new AbortController()).signal;
    try {
      while (!mine.aborted) {
        const event = await askForFrame(mine);
        seen = event.number;
        if (!mine.aborted) show(event, mine).catch(() => {}); // a picture that the browser can't decode
      }
    } catch (problem) {
      if (!mine.aborted) lose(problem);
    }
  }

  function leave() {
    clearTimeout(retry);
    if (!run) return;
    run.abort();
    run = null;
    navigator.sendBeacon(api(`live/end?viewer=${viewer}`)); // so that the camera is released at once
  }

  function open() {
    report("opening", { source: page.dataset.server });
    watch();
    document.addEventListener("visibilitychange", () => (document.hidden ? leave() : run || watch()), { signal });
  }

  signal.addEventListener("abort", () => {
    leave();
    hideFrame();
  });
  if ("asks" in page.dataset) report("offered", { source: page.dataset.server, start: open }); // it is a camera, and no film
  else open();
}
