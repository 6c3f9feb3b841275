// Frames of a video to a session of the server, at most two under way, and what was found in them back.

import { asJpeg } from "./canvas.js";
import { openSession } from "./session.js";

const LONGER_SIDE = 640; // pixels of a frame that is sent, at most
const QUALITY = 0.85; // of its JPEG, 0 to 1
const UNDER_WAY = 2; // frames at once: one that the server works on, one that waits there
const PACE = [40, 1000]; // milliseconds from frame to frame: at least, and at most where the server is busy
const BUSY_FROM = 120; // milliseconds from frame to frame from which the page says that the server is busy
const RETRY_AFTER = 2000; // milliseconds before a lost server is tried again
const FACTS_OVER = 30; // results that speed and delay are measured over

// Counted on as long as the page lives, so that neither a new session nor a camera that is started again gives a frame's
// number or a face's track a second time.
let frames = 0; // taken
let tracks = 0; // the highest shown

// Call `take` with every new frame of the video, until the signal.
function everyFrame(video, take, signal) {
  const ask = video.requestVideoFrameCallback
    ? (again) => video.requestVideoFrameCallback(again)
    : (again) => setTimeout(again, 33);
  ask(function again() {
    if (signal.aborted) return;
    ask(again);
    take();
  });
}

// Speed and delay over the last results.
export function measureOver() {
  const results = [];
  return (taken) => {
    const now = performance.now();
    results.push({ now, delay: now - taken });
    if (results.length > FACTS_OVER) results.shift();
    const seconds = (now - results[0].now) / 1000;
    const delay = results.reduce((sum, result) => sum + result.delay, 0) / results.length;
    return { speed: seconds > 0 ? (results.length - 1) / seconds : null, delay };
  };
}

export function sendFrames(
  video,
  signal, // ends it all
  shown, // called with a canvas, what was found in it, and the facts
  trouble, // called with a state and a sentence when nothing can be shown
) {
  let session = null;
  let newest = 0; // the frame shown
  let before = { tracks, drops: 0 }; // in sessions that are over
  let drops = { page: 0, server: 0 };
  let pace = PACE[0];
  let due = 0;
  let underWay = 0;
  let current = null; // the canvas that is on the screen
  const spare = [];
  const measure = measureOver();

  async function connect() {
    if (signal.aborted) return;
    try {
      const opened = await openSession(signal);
      if (signal.aborted) return opened.end();
      before = { tracks, drops: before.drops + drops.server }; // a session's own tracks begin at 1
      drops.server = 0;
      session = opened;
    } catch (problem) {
      lose(problem);
    }
  }

  function lose(problem) {
    if (signal.aborted) return;
    session = null;
    if (problem.status === 410) return connect();
    trouble(problem.silent ? "silent" : "refused", problem.silent ? "" : problem.message);
    setTimeout(connect, Math.max(RETRY_AFTER, problem.wait * 1000));
  }

  function slowDown(problem) {
    pace = Math.min(PACE[1], pace * 2);
    due = performance.now() + Math.max(pace, problem.wait * 1000);
  }

  function take() {
    const now = performance.now();
    if (!session || now < due || !video.videoWidth) return;
    if (underWay >= UNDER_WAY) {
      drops.page += 1;
      return;
    }
    due = Math.max(due + pace, now - pace);
    underWay += 1;
    frames += 1;
    const canvas = spare.pop() ?? document.createElement("canvas");
    send(frames, canvas, now, session).then((used) => {
      underWay -= 1;
      if (!used) spare.push(canvas);
    });
  }

  // Whether the frame went on the screen; only then is its canvas still needed.
  async function send(frame, canvas, taken, mine) {
    try {
      const jpeg = await asJpeg(video, [video.videoWidth, video.videoHeight], LONGER_SIDE, QUALITY, canvas);
      if (signal.aborted || session !== mine) return false;
      const answer = await mine.send(frame, jpeg);
      pace = Math.max(PACE[0], pace * 0.9);
      if (signal.aborted || session !== mine) return false;
      drops.server = Math.max(drops.server, answer.drops);
      if (answer.dropped || frame <= newest) return false; // a newer one is on the screen
      newest = frame;
      show(frame, canvas, taken, answer);
      return true;
    } catch (problem) {
      if (signal.aborted || session !== mine) return false;
      if (problem.status === 429 || problem.status === 503) slowDown(problem);
      else lose(problem);
      return false;
    }
  }

  function show(frame, canvas, taken, answer) {
    const faces = answer.faces.map((face) => ({ ...face, track: face.track + before.tracks }));
    tracks = Math.max(tracks, ...faces.map(({ track }) => track));
    if (current) spare.push(current);
    current = canvas;
    const facts = { ...measure(taken), drops: drops.page + drops.server + before.drops, busy: pace >= BUSY_FROM };
    shown(canvas, { ...answer, frame, faces, taken, ...facts });
  }

  signal.addEventListener("abort", () => session?.end());
  everyFrame(video, take, signal);
  connect();
}
