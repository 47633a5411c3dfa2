// Owns a chart of columns over time, drawn as SVG; hides scales and labels.
import { freshId, h, svg } from "./dom.js";

const [WIDTH, HEIGHT] = [640, 220];
const [LEFT, RIGHT, TOP, BOTTOM] = [52, 6, 12, 28];
const LABELS = 8;

/**
 * @param {{title: string, note: string, rows: {name: string}[], value: (row: any) => number,
 *   say: (value: number) => string, tone: string}} of `say` puts a value in words with its unit
 */
export function chart({ title, note, rows, value, say, tone }) {
  const id = freshId("chart");
  const top = niceTop(Math.max(...rows.map(value), 0));
  const y = (number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - number / top);
  const step = (WIDTH - LEFT - RIGHT) / rows.length;
  const best = rows.reduce((a, b) => (value(b) > value(a) ? b : a));
  const span = `${rows.length} periods from ${rows[0].name} to ${rows.at(-1).name}`;
  const summary = `${title} over ${span}: ${note}; most in ${best.name}, ${say(value(best))}.`;
  return h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("strong", { id }, title), h("span", { class: "muted small" }, note)),
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": summary, testid: "chart" },
      grid(top, y, say),
      rows.map((row, at) => column(row, at, { value, say, y, step, tone })),
      names(rows, step),
    ),
  );
}

function grid(top, y, say) {
  return [0, 0.5, 1].map((share) => [
    svg("line", { class: "chart-line", x1: LEFT, x2: WIDTH - RIGHT, y1: y(share * top), y2: y(share * top) }),
    svg(
      "text",
      { class: "chart-text", x: LEFT - 8, y: y(share * top) + 4, "text-anchor": "end" },
      short(share * top, say),
    ),
  ]);
}

function column(row, at, { value, say, y, step, tone }) {
  const width = Math.min(28, step * 0.66);
  const height = Math.max(value(row) > 0 ? 1.5 : 0, y(0) - y(value(row)));
  const x = LEFT + at * step + (step - width) / 2;
  return svg(
    "g",
    {},
    svg("title", {}, `${row.name}: ${say(value(row))}`),
    svg("rect", { class: "chart-hit", x: LEFT + at * step, y: TOP, width: step, height: y(0) - TOP }),
    svg("rect", { class: `chart-bar tone-${tone}`, x, y: y(0) - height, width, height, rx: Math.min(3, height / 2) }),
  );
}

function names(rows, step) {
  const every = Math.ceil(rows.length / LABELS);
  return rows.map((row, at) =>
    (rows.length - 1 - at) % every === 0
      ? svg(
          "text",
          {
            class: "chart-text",
            x: LEFT + (at + 0.5) * step,
            y: HEIGHT - 8,
            "text-anchor": at === rows.length - 1 && step < 40 ? "end" : "middle",
            dx: at === rows.length - 1 && step < 40 ? step / 2 : 0,
          },
          row.name,
        )
      : null,
  );
}

/** The next of 1, 2, 2.5, 5, 10 times a power of ten. */
function niceTop(most) {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 2.5, 5, 10].find((each) => each * power >= most) * power;
}

const short = (value, say) => say(value).replace(/\.00$/, "").replace(/ min$/, "");
