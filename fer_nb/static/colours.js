// One colour an expression: the page's bars and curves take theirs from style.css, what is drawn over pictures from here.

// As draw_faces on the server has them: bright, for dark text on them and any picture under them.
const BRIGHT = {
  angry: "#f2716a",
  disgust: "#9cc04a",
  fear: "#b094f5",
  happy: "#f2b53a",
  neutral: "#9aa5b2",
  sad: "#6aa5ff",
  surprise: "#f07fbd",
};

const NAMES = Object.keys(BRIGHT);

export const UNSURE = BRIGHT.neutral;

// A model that knows other classes gets the same colours in turn.
function nameOf(expression, names) {
  return Object.hasOwn(BRIGHT, expression) ? expression : NAMES[Math.max(0, names.indexOf(expression)) % NAMES.length];
}

export function bright(expression, names) {
  return BRIGHT[nameOf(expression, names)];
}

// The name of the style sheet's custom property, which differs in light and dark.
export function property(expression, names) {
  return `--${nameOf(expression, names)}`;
}
