/** How a chart is drawn: the options and the data of a uPlot. */
import uPlot from "uplot";
import type { Chart } from "./series";

export const COLOURS = 6;

/** The colours of the theme, as they are now. */
export interface Palette {
  series: string[];
  text: string;
  grid: string;
}

/** The colour of a series, told from its neighbours. */
export const colourOf = (place: number): string => `var(--series-${(place % COLOURS) + 1})`;

/** What the tokens stand for within `element`: a canvas knows no variables. */
export function paletteOf(element: HTMLElement): Palette {
  const probe = element.appendChild(document.createElement("span"));
  const read = (colour: string): string => {
    probe.style.color = colour;
    return getComputedStyle(probe).color;
  };
  const series = Array.from({ length: COLOURS }, (_, place) => read(colourOf(place)));
  const palette = { series, text: read("var(--muted)"), grid: read("var(--line)") };
  probe.remove();
  return palette;
}

/** Logarithms of what is not positive are left out. */
export function dataOf(chart: Chart, isLog: { x: boolean; y: boolean }): uPlot.AlignedData {
  const { values } = chart.x;
  const kept = isLog.x && values.some((x) => x <= 0) ? values.flatMap((x, place) => (x > 0 ? [place] : [])) : null;
  const pick = <T>(list: T[]): T[] => (kept ? kept.map((place) => list[place]!) : list);
  const positive = (list: (number | null)[]) => (isLog.y ? list.map((y) => (y !== null && y > 0 ? y : null)) : list);
  return [pick(values), ...chart.series.map((one) => positive(pick(one.values)))];
}

/** What makes two charts the same drawing with other data. */
export const drawingOf = (chart: Chart): string =>
  JSON.stringify([
    chart.kind,
    chart.x.label,
    chart.x.type,
    isWhole(chart),
    chart.y.label,
    chart.series.map(({ label }) => label),
  ]);

/** Whether x counts something, so that there is nothing between two numbers. */
const isWhole = ({ x }: Chart): boolean => x.type === "number" && x.values.every(Number.isInteger);

const WHOLE_STEPS = Array.from({ length: 16 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();

export function optionsOf(
  chart: () => Chart,
  isLog: { x: boolean; y: boolean },
  palette: () => Palette,
  size: { width: number; height: number },
  onCursor: (place: number | null) => void,
): uPlot.Options {
  const { kind, x, y, series } = chart();
  const axis = { stroke: () => palette().text, font, labelFont: font, labelSize: 18, labelGap: 0 };
  const lines = { grid: { stroke: () => palette().grid, width: 1 }, ticks: { show: false } };
  return {
    ...size,
    legend: { show: false },
    padding: [8, 12, 0, 0],
    scales: {
      x: {
        time: x.type === "time",
        distr: isLog.x ? 3 : 1,
        range: kind === "bar" ? barRange : isLog.x ? exactRange : undefined,
      },
      y: { distr: isLog.y ? 3 : 1, range: isLog.y ? undefined : yRange(kind) },
    },
    axes: [
      {
        ...axis,
        ...lines,
        ...(x.type === "text" ? named(() => chart().x.texts) : x.type === "number" ? numbers(isLog.x) : times),
        ...(isWhole(chart()) && !isLog.x && { incrs: WHOLE_STEPS }),
        size: 30,
        label: x.label || undefined,
      },
      { ...axis, ...lines, ...numbers(isLog.y), size: widthOf, label: y.label || undefined },
    ],
    series: [{}, ...series.map((one, place) => styled(kind, one.label, place, series.length, palette))],
    cursor: { y: false, points: { size: 7 }, drag: { x: true, y: false } },
    hooks: { setCursor: [(plot) => onCursor(plot.cursor.idx ?? null)] },
  };
}

const font = "12px system-ui, sans-serif";

function styled(kind: Chart["kind"], label: string, place: number, of: number, palette: () => Palette): uPlot.Series {
  const colour = () => palette().series[place % COLOURS]!;
  if (kind === "scatter")
    return { label, stroke: colour, paths: () => null, points: { show: true, size: 5, fill: colour } };
  if (kind === "bar")
    return { label, stroke: colour, fill: colour, width: 0, paths: bars(place, of), points: { show: false } };
  return { label, stroke: colour, width: 1.75, points: { size: 4, fill: colour } };
}

/** Bars of several series stand side by side. */
function bars(place: number, of: number): uPlot.Series.PathBuilder {
  const width = (plot: uPlot) => (0.8 * gapOf(plot.data[0] as number[])) / of;
  return uPlot.paths.bars!({
    radius: 0.08,
    disp: {
      x0: { unit: 1, values: (plot) => Array.from(plot.data[0], (x) => x + width(plot) * (place - of / 2)) },
      size: { unit: 1, values: (plot) => [width(plot)] },
    },
  });
}

/** The least distance between neighbours. */
function gapOf(xs: ArrayLike<number>): number {
  let gap = Infinity;
  for (let i = 1; i < xs.length; i++) gap = Math.min(gap, xs[i]! - xs[i - 1]! || Infinity);
  return Number.isFinite(gap) ? gap : 1;
}

const barRange: uPlot.Scale.Range = (plot, from, to) => {
  const half = gapOf(plot.data[0]) / 2;
  return [from - half, to + half];
};

const exactRange: uPlot.Scale.Range = (_, from, to) => [from, to];

const yRange =
  (kind: Chart["kind"]): uPlot.Scale.Range =>
  (_, from, to) => {
    if (from === null || to === null) return [0, 1];
    return kind === "bar"
      ? uPlot.rangeNum(Math.min(from, 0), Math.max(to, 0), 0.1, true)
      : uPlot.rangeNum(from, to, 0.1, true);
  };

const small = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 8 });
const large = new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 4 });
const tiny = new Intl.NumberFormat(undefined, { notation: "scientific", maximumSignificantDigits: 3 });

/** A number beside an axis. */
export function tick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e15 || (size && size < 1e-5)) return tiny.format(value);
  return (size >= 1e5 ? large : small).format(value);
}

const numbers = (isLog: boolean): uPlot.Axis => ({
  values: (_, splits) => splits.map((one) => (one === null || one === undefined ? "" : isLog ? power(one) : tick(one))),
});

/** Only powers of ten are written on a logarithmic axis. */
const power = (value: number): string => (Math.abs(Math.log10(value) % 1) < 1e-9 ? tick(value) : "");

/** From which distance between moments on their parts are written, in seconds. */
const PARTS: [number, Intl.DateTimeFormat][] = (
  [
    [365 * 86_400, { year: "numeric" }],
    [28 * 86_400, { month: "short", year: "numeric" }],
    [86_400, { day: "numeric", month: "short" }],
    [60, { hour: "numeric", minute: "2-digit" }],
    [1, { hour: "numeric", minute: "2-digit", second: "2-digit" }],
    [0, { minute: "2-digit", second: "2-digit", fractionalSecondDigits: 1 }],
  ] as [number, Intl.DateTimeFormatOptions][]
).map(([least, parts]) => [least, new Intl.DateTimeFormat(undefined, parts)]);

const times: uPlot.Axis = {
  space: 80,
  values: (_, splits, _axis, _space, distance) => {
    const format = PARTS.find(([least]) => distance >= least)![1];
    return splits.map((at) => format.format(at * 1000));
  },
};

const MOST_LETTERS = 14;

const named = (texts: () => string[]): uPlot.Axis => ({
  incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 50_000, 100_000],
  space: 70,
  values: (_, splits) =>
    splits.map((one) => {
      const text = texts()[one] ?? "";
      return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text;
    }),
});

const widthOf: uPlot.Axis.Size = (_, values) =>
  Math.ceil(Math.max(...(values ?? [""]).map((value) => value?.length ?? 0), 2) * 6.6) + 14;
