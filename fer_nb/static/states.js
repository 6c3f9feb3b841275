// What each state says: in the pill, over the picture (the veil), and where the faces would be.

const CAMERA_AGAIN = ["Nothing to read", "Faces come back with the camera."];
const NOTHING_OPEN = ["Nothing to read yet", "Faces appear here once a camera or a picture is open."];
const ELSEWHERE = ["Nothing to read", "Another source can be chosen over the picture."];
const INFERRED =
  "For every face in view the server infers how likely each expression is. An expression is what a face shows, " +
  "which is not an emotion: it does not tell what anybody feels.";
const HERE =
  "For every face in view this browser infers how likely each expression is. An expression is what a face shows, " +
  "which is not an emotion: it does not tell what anybody feels. No picture leaves this device, and nothing is stored.";
const NO_CAMERA = { pill: "No camera", tone: "gone", empty: ELSEWHERE };

export const STATES = {
  // The server's camera
  offered: {
    pill: "Camera off",
    tone: "idle",
    veil: ["Open the server's camera?", `${INFERRED} Nothing is stored.`],
    empty: ["Nothing to read yet", "Faces appear here once the camera is on."],
    actions: ["start", "mine", "upload"],
  },
  opening: {
    pill: "Opening",
    tone: "waiting",
    veil: ["Opening the camera", "The first picture is on its way."],
    empty: ["Nothing to read yet", "Faces appear here with the first picture."],
  },
  playing: {
    pill: "Live",
    tone: "live",
    veil: null,
    empty: ["No face in view", "Look towards the camera, with light from the front."],
  },
  gone: {
    pill: "No camera",
    tone: "gone",
    veil: ["Waiting for the camera", "It gives no pictures at the moment; the page goes on by itself when it is back."],
    empty: CAMERA_AGAIN,
    actions: ["mine", "upload"],
  },
  silent: {
    pill: "No server",
    tone: "gone",
    veil: ["The server does not answer; trying again", "The page goes on by itself when it is back."],
    empty: ["Nothing to read", "Faces come back with the server."],
  },
  refused: {
    pill: "Refused",
    tone: "gone",
    veil: ["The server refused", "It gave no reason."],
    empty: ["Nothing to read", "The server's reason stands over the picture."],
    actions: ["choose"],
  },

  // This browser's camera
  asking: {
    pill: "Camera off",
    tone: "idle",
    veil: [
      "Read faces from this camera?",
      `${INFERRED} Frames go to this server only, and nothing is stored.`,
    ],
    empty: ["Nothing to read yet", "Faces appear here once the camera is on."],
    actions: ["start", "upload"],
  },
  permission: {
    pill: "Asking",
    tone: "waiting",
    veil: ["Waiting for the camera", "The browser asks whether this page may use it."],
    empty: ["Nothing to read yet", "Faces appear here with the first picture."],
  },
  connecting: {
    pill: "Opening",
    tone: "waiting",
    veil: null,
    empty: ["Nothing to read yet", "The first frame is on its way to the server."],
  },
  scrambled: {
    ...NO_CAMERA,
    veil: [
      "This browser scrambles pictures",
      "It gives pages noise in place of what the camera sees, against being recognized again. Allow this page to read " +
        "canvases, by the picture in the address bar, then try again.",
    ],
    actions: ["again", "choose", "demo", "upload", "server"],
  },
  paused: {
    pill: "Paused",
    tone: "waiting",
    veil: ["The camera is paused", "It is covered, or something else has it. The page goes on when it is back."],
    empty: CAMERA_AGAIN,
  },
  denied: {
    ...NO_CAMERA,
    veil: [
      "The camera is not allowed",
      "Permission was denied. Allow the camera for this page in the browser's address bar, then try again.",
    ],
    actions: ["again", "choose", "demo", "upload", "server"],
  },
  insecure: {
    ...NO_CAMERA,
    veil: [
      "No camera without HTTPS",
      "Browsers give a page the camera only over HTTPS, or on the machine that the server runs on.",
    ],
    actions: ["choose", "demo", "upload", "server"],
  },
  unsupported: {
    ...NO_CAMERA,
    veil: ["This browser has no camera for pages", "Another browser may; pictures can be read in this one too."],
    actions: ["choose", "demo", "upload", "server"],
  },
  missing: {
    ...NO_CAMERA,
    veil: ["There is no camera", "This device has none, or none that is plugged in."],
    actions: ["again", "choose", "demo", "upload", "server"],
  },
  busy: {
    ...NO_CAMERA,
    veil: ["The camera can't be opened", "Another program uses it, or it was unplugged. Close that program, then try again."],
    actions: ["again", "choose", "demo", "upload", "server"],
  },
  failed: {
    ...NO_CAMERA,
    veil: ["The camera can't be opened", "The browser gave no reason."],
    actions: ["again", "choose", "demo", "upload", "server"],
  },
  unplugged: {
    ...NO_CAMERA,
    veil: ["The camera is gone", "It was unplugged, or its permission was taken back."],
    actions: ["again", "choose", "demo", "upload", "server"],
  },

  // On this device
  here: {
    pill: "Nothing open",
    tone: "idle",
    veil: ["Read faces on this device?", HERE],
    empty: NOTHING_OPEN,
    actions: ["start", "choose", "demo", "measure"],
  },
  measuring: {
    pill: "Measuring",
    tone: "waiting",
    veil: ["Measuring this device", "It takes some seconds."],
    empty: NOTHING_OPEN,
  },
  measured: {
    pill: "Measured",
    tone: "idle",
    veil: ["What this device takes", "It told nothing."],
    empty: NOTHING_OPEN,
    actions: ["start", "choose", "demo"],
  },
  loading: {
    pill: "Loading",
    tone: "waiting",
    veil: ["Loading what reads faces", "Five and a half megabytes, once; after that nothing is loaded or sent."],
    empty: ["Nothing to read yet", "Faces appear here in a moment."],
  },
  "reading-here": {
    pill: "Reading",
    tone: "waiting",
    veil: ["Reading the picture", "It stays on this device."],
    empty: ["Nothing to read yet", "Faces appear here in a moment."],
  },
  unable: {
    pill: "Not here",
    tone: "gone",
    veil: ["This browser can't read faces itself", "A newer browser can."],
    empty: ELSEWHERE,
    actions: ["mine", "upload", "server"],
  },
  broken: {
    pill: "Not here",
    tone: "gone",
    veil: ["What reads faces on this device has failed", "The browser gave no reason."],
    empty: ELSEWHERE,
    actions: ["again", "choose", "mine", "upload", "server"],
  },

  // A picture
  choosing: {
    pill: "No picture",
    tone: "idle",
    veil: [
      "Read faces in a picture",
      `${INFERRED} Drop a picture on this page, paste it, or choose a file. It goes to this server only, and nothing is stored.`,
    ],
    empty: ["Nothing to read yet", "Faces appear here with the picture."],
    actions: ["choose"],
  },
  reading: {
    pill: "Reading",
    tone: "waiting",
    veil: ["Reading the picture", "It is on its way to the server."],
    empty: ["Nothing to read yet", "Faces appear here in a moment."],
  },
  shown: {
    pill: "Read",
    tone: "live",
    veil: null,
    empty: ["No face found", "Faces that are very small, covered or turned away are not found."],
  },
  unreadable: {
    pill: "No picture",
    tone: "gone",
    veil: ["This file can't be shown", "The browser does not know it as a picture; choose a JPEG, PNG or WebP file."],
    empty: ["Nothing to read", "Another file can be chosen."],
    actions: ["choose"],
  },
  unanswered: {
    pill: "No server",
    tone: "gone",
    veil: ["The server does not answer", "Choose the picture again once it is back."],
    empty: ["Nothing to read", "Another file can be chosen."],
    actions: ["choose"],
  },
};
