/** Small plots as SVG, drawn here: no script, no library, sharp at every size, in the colours of the page. */

import { roundUp, timeMarks, type Unit } from "./axes.js";
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
  readonly unit: Unit;
  readonly formatValue: (value: number) => string;
  readonly formatTime: (time: number) => string;
  /** Shown instead of a plot without samples. */
  readonly nothing: string;
  /** The least value that the axis reaches to. */
  readonly atLeast: number;
}

const WIDTH = 480;
const HEIGHT = 100;
/** Above the lines: half a line of the scale beside them. */
const TOP = 8;
/** Where the times stand below. */
const TIMES = TOP + HEIGHT + 16;
const BUCKETS = 96;

export function plot<T extends Moment>(options: PlotOptions<T>): Html {
  const { title, series, samples } = options;
  const lines = series.map((one) => ({ ...one, values: buckets(one.value, options) }));
  const most = Math.max(options.atLeast, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const highest = roundUp(most, options.unit);
  const chart: Content =
    samples.length === 0
      ? html`<p class="empty">${options.nothing}</p>`
      : html`<div class="chart">${scale(options, highest)}<svg role="img" aria-label="${summary(options, lines)}"><svg y="${TOP}" width="100%" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none"><path class="grid" d="M0 ${HEIGHT - 0.5}H${WIDTH}M0 ${HEIGHT / 2}H${WIDTH}M0 0.5H${WIDTH}"/>${lines.map(
          ({ className, values }) =>
            html`<path class="area ${className}" d="${area(values, highest)}"/><path class="line ${className}" d="${line(values, highest)}"/><path class="dot ${className}" d="${dots(values, highest)}"/>`,
        )}</svg>${times(options)}</svg></div>`;
  const legend =
    series.length > 1 &&
    html`<span class="legend">${series.map(({ label, className }) => html`<span class="${className}">${label}</span> `)}</span>`;
  return html`<figure class="plot"><figcaption><span class="name">${title}</span>${legend}</figcaption>${chart}</figure>`;
}

/** What the lines of the grid stand for. */
function scale<T extends Moment>({ formatValue }: PlotOptions<T>, highest: number): Content {
  const values = [highest, highest / 2, 0].map((value) => html`<span>${formatValue(value)}</span>`);
  return html`<div class="scale" aria-hidden="true">${values}</div>`;
}

/** The times below. Text keeps its shape as it stands outside of what is stretched. */
function times<T extends Moment>({ formatTime, from, until }: PlotOptions<T>): Content {
  return timeMarks(from, until).map((time) => {
    const share = ((time - from) / (until - from)) * 100;
    const anchor = share < 7 ? "start" : share > 93 ? "end" : "middle";
    const x = `${share.toFixed(2)}%`;
    return html`<line class="grid" x1="${x}" x2="${x}" y1="${TOP + HEIGHT}" y2="${TOP + HEIGHT + 4}"/><text class="mark" x="${x}" y="${TIMES}" text-anchor="${anchor}">${formatTime(time)}</text>`;
  });
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
  const y = HEIGHT - 1 - (value / highest) * (HEIGHT - 2);
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
    .filter((run) => run.values.length > 1)
    .map((run) => `M${run.values.map((value, index) => point(run.start + index, value, highest)).join("L")}`)
    .join("");
}

/** What has no neighbours. A line of hardly any length is as wide as it is thick, whatever is stretched. */
function dots(values: Values, highest: number): string {
  return runs(values)
    .filter((run) => run.values.length === 1)
    .map((run) => `M${point(run.start, run.values[0] ?? 0, highest)}h.01`)
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
