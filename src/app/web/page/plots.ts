/** Small plots as SVG, drawn here: no script, no library, sharp at every size, in the colours of the page. */

import type { Content, Html } from "./html.js";
import { html } from "./html.js";

/** Something at a time (Unix seconds). */
export interface Moment {
  readonly time: number;
}

export interface Series<T extends Moment> {
  readonly label: string;
  /** A class of the style sheet: which colour. */
  readonly className: "first" | "second";
  readonly value: (moment: T) => number;
}

export interface PlotOptions<T extends Moment> {
  readonly title: string;
  readonly series: readonly Series<T>[];
  readonly samples: readonly T[];
  /** Unix seconds. */
  readonly from: number;
  readonly until: number;
  readonly formatValue: (value: number) => string;
  /** What the top of the plot stands for. */
  readonly highest: (value: string) => string;
  readonly formatTime: (time: number) => string;
  /** Shown instead of a plot without samples. */
  readonly nothing: string;
  /** The least value that the axis reaches to. */
  readonly atLeast: number;
}

const WIDTH = 480;
const HEIGHT = 120;
const BUCKETS = 96;

export function plot<T extends Moment>(options: PlotOptions<T>): Html {
  const { title, series, samples } = options;
  const lines = series.map((one) => ({ ...one, values: buckets(one.value, options) }));
  const highest = Math.max(
    options.atLeast,
    ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)),
  );
  const drawn: Content =
    samples.length === 0
      ? html`<p class="empty">${options.nothing}</p>`
      : html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="${summary(options, lines)}"><path class="grid" d="M0 ${HEIGHT - 0.5}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}"/>${lines.map(
          ({ className, values }) =>
            html`<path class="area ${className}" d="${area(values, highest)}"/><path class="line ${className}" d="${line(values, highest)}"/>`,
        )}</svg>`;
  const legend =
    series.length > 1 &&
    html`<p class="legend">${series.map(({ label, className }) => html`<span class="${className}">${label}</span> `)}</p>`;
  const axis =
    samples.length > 0 &&
    html`<p class="axis"><span>${options.formatTime(options.from)}</span><span>${options.formatTime(options.until)}</span></p>`;
  return html`<figure class="plot"><figcaption><span class="name">${title}</span><span class="highest">${samples.length > 0 && options.highest(options.formatValue(highest))}</span></figcaption>${drawn}${axis}${legend}</figure>`;
}

type Values = readonly (number | null)[];

/** The mean of each part of the time; null where nothing was written. */
function buckets<T extends Moment>(
  value: (moment: T) => number,
  { samples, from, until }: PlotOptions<T>,
): Values {
  const sums = new Array<number>(BUCKETS).fill(0);
  const counts = new Array<number>(BUCKETS).fill(0);
  for (const sample of samples) {
    const index = Math.floor(((sample.time - from) / (until - from)) * BUCKETS);
    if (index < 0 || index >= BUCKETS) continue;
    sums[index] = (sums[index] ?? 0) + value(sample);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return sums.map((sum, index) => (counts[index] === 0 ? null : sum / (counts[index] ?? 1)));
}

function point(index: number, value: number, highest: number): string {
  const x = ((index + 0.5) / BUCKETS) * WIDTH;
  const y = HEIGHT - 1 - (value / highest) * (HEIGHT - 4);
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}

/** Runs of neighbours that are there. */
function runs(values: Values): { readonly start: number; readonly values: readonly number[] }[] {
  const found: { start: number; values: number[] }[] = [];
  for (const [index, value] of values.entries()) {
    if (value === null) continue;
    const last = found.at(-1);
    if (last !== undefined && last.start + last.values.length === index) last.values.push(value);
    else found.push({ start: index, values: [value] });
  }
  return found;
}

function line(values: Values, highest: number): string {
  return runs(values)
    .map((run) => {
      const points = run.values.map((value, index) => point(run.start + index, value, highest));
      return points.length === 1 ? `M${points[0]}h2` : `M${points.join("L")}`;
    })
    .join("");
}

function area(values: Values, highest: number): string {
  return runs(values)
    .filter((run) => run.values.length > 1)
    .map((run) => {
      const points = run.values.map((value, index) => point(run.start + index, value, highest));
      const end = point(run.start + run.values.length - 1, 0, highest);
      return `M${point(run.start, 0, highest)}L${points.join("L")}L${end}Z`;
    })
    .join("");
}

/** For those who do not see the plot: the last and the highest value of each line. */
function summary<T extends Moment>(
  { title, formatValue }: PlotOptions<T>,
  lines: readonly { readonly label: string; readonly values: Values }[],
): string {
  const told = lines.map(({ label, values }) => {
    const there = values.filter((value) => value !== null);
    return `${label}: ${formatValue(there.at(-1) ?? 0)}, max. ${formatValue(Math.max(0, ...there))}`;
  });
  return `${title}. ${told.join("; ")}`;
}
