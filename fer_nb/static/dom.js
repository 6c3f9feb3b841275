// The few helpers that every part of the page uses.

export const element = (id) => document.getElementById(id);

export const page = element("page");

export const api = (path) => page.dataset.api + path;

export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// A probability is never quite 0 or 1, so rounding does not say that it is.
export function percent(share) {
  if (share > 0 && share < 0.005) return "<1%";
  if (share < 1 && share >= 0.995) return ">99%";
  return `${Math.round(share * 100)}%`;
}

export function button(text, action) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", action);
  return made;
}
