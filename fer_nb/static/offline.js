// A page in a folder of its own, without our server, goes on without any: a service worker keeps the folder's files.

import { page } from "./dom.js";

// Where a browser has none, as in a private window, the page needs its host whenever it is loaded.
if ("alone" in page.dataset) navigator.serviceWorker?.register("sw.js").catch(() => {});
