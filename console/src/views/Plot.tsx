import { useEffect, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { words } from "../words";
import { CALM_MS } from "./calm";
import { formatted } from "./number";
import { colourOf, dataOf, drawingOf, optionsOf, paletteOf } from "./plotting";
import type { Chart } from "./series";

/** A chart, drawn. More data is drawn into it at most ten times a second, and it keeps what somebody looks closer at. */
export default function Plot({ chart, name, isCompact }: { chart: Chart; name: string; isCompact: boolean }) {
  const [isLog, setLog] = useState({ x: chart.x.isLog && isLinear(chart), y: chart.y.isLog });
  const [hidden, setHidden] = useState<ReadonlySet<string>>(() => new Set());
  const [place, setPlace] = useState<number | null>(null);
  const box = useDrawing(chart, isLog, hidden, isCompact, setPlace);
  const label = useMemo(() => described(chart, name), [chart, name]);
  const logs = isCompact ? [] : (["y", "x"] as const).filter((axis) => isLog[axis] || canBeLog(chart, axis));
  return (
    <figure className="plot">
      {chart.title && <figcaption>{chart.title}</figcaption>}
      <div
        ref={box}
        className="plot-canvas"
        role="img"
        aria-label={label}
        title={isCompact ? undefined : words.views.zoom}
      />
      <div className="plot-foot">
        <Legend chart={chart} place={place} hidden={hidden} setHidden={setHidden} />
        <div className="row">
          {logs.map((axis) => (
            <label key={axis} className="plot-log">
              <input
                type="checkbox"
                checked={isLog[axis]}
                onChange={() => setLog({ ...isLog, [axis]: !isLog[axis] })}
              />
              {words.views.logarithmic[axis]}
            </label>
          ))}
        </div>
      </div>
    </figure>
  );
}

function useDrawing(
  chart: Chart,
  isLog: { x: boolean; y: boolean },
  hidden: ReadonlySet<string>,
  isCompact: boolean,
  onCursor: (place: number | null) => void,
) {
  const box = useRef<HTMLDivElement>(null);
  const state = useRef({ plot: null as uPlot | null, chart, isLog, isZoomed: false, at: 0 });
  Object.assign(state.current, { chart, isLog });
  const drawing = drawingOf(chart);

  useEffect(() => {
    const element = box.current!;
    if (!document.createElement("canvas").getContext("2d")) throw new Error("nothing can be drawn here");
    const own = state.current;
    let palette = paletteOf(element);
    const size = () => ({
      width: Math.max(element.clientWidth, 120),
      height: heightOf(element.clientWidth, isCompact),
    });
    const options = optionsOf(
      () => own.chart,
      isLog,
      () => palette,
      size(),
      onCursor,
    );
    options.hooks!.setSelect = [(plot) => (own.isZoomed ||= plot.select.width > 0)];
    const plot = (own.plot = new uPlot(options, dataOf(own.chart, isLog), element));
    own.isZoomed = false;
    const whole = () => (own.isZoomed = false);
    plot.over.addEventListener("dblclick", whole);
    const resized = new ResizeObserver(() => {
      const now = size();
      if (now.width !== plot.width) plot.setSize(now);
    });
    resized.observe(element);
    const repaint = () => {
      palette = paletteOf(element);
      plot.redraw(false);
    };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", repaint);
    addEventListener("themechange", repaint);
    return () => {
      dark.removeEventListener("change", repaint);
      removeEventListener("themechange", repaint);
      resized.disconnect();
      plot.destroy();
      own.plot = null;
    };
  }, [drawing, isLog, isCompact, onCursor]);

  useEffect(() => {
    chart.series.forEach(({ label }, i) => {
      const { plot } = state.current;
      const isShown = !hidden.has(label);
      if (plot && plot.series[i + 1]?.show !== isShown) plot.setSeries(i + 1, { show: isShown });
    });
  }, [hidden, drawing, isLog, isCompact]);

  useEffect(() => {
    const own = state.current;
    const draw = () => {
      own.at = Date.now();
      own.plot?.setData(dataOf(own.chart, own.isLog), !own.isZoomed);
      if (own.isZoomed) own.plot?.redraw();
    };
    const wait = own.at + CALM_MS - Date.now();
    if (wait <= 0) return draw();
    const timer = setTimeout(draw, wait);
    return () => clearTimeout(timer);
  }, [chart]);

  return box;
}

const heightOf = (width: number, isCompact: boolean): number =>
  isCompact ? 140 : Math.round(Math.min(Math.max(width * 0.42, 200), 340));

/** The series by their colours, each to be hidden, with its value where the pointer is. */
function Legend({
  chart,
  place,
  hidden,
  setHidden,
}: {
  chart: Chart;
  place: number | null;
  hidden: ReadonlySet<string>;
  setHidden: (hidden: ReadonlySet<string>) => void;
}) {
  const turn = (label: string) => {
    const next = new Set(hidden);
    if (!next.delete(label)) next.add(label);
    setHidden(next);
  };
  const isAlone = chart.series.length === 1;
  if (isAlone && !chart.series[0]!.label && place === null) return <div />;
  return (
    <div className="plot-legend">
      {chart.series.map(({ label, values }, i) => {
        const value = place === null ? null : (values[place] ?? null);
        const text = (
          <>
            <i style={{ background: colourOf(i) }} />
            {label || words.views.value} {value !== null && <b>{formatted(value)}</b>}
          </>
        );
        if (isAlone) return <span key={i}>{text}</span>;
        return (
          <button key={i} type="button" aria-pressed={!hidden.has(label)} onClick={() => turn(label)}>
            {text}
          </button>
        );
      })}
      {place !== null && chart.x.values[place] !== undefined && (
        <span className="plot-x">
          {chart.x.label || "x"}: <b>{placeText(chart, place)}</b>
        </span>
      )}
    </div>
  );
}

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "medium" });

function placeText({ x }: Chart, place: number): string {
  if (x.type === "text") return x.texts[place] ?? "";
  return x.type === "time" ? moment.format(x.values[place]! * 1000) : formatted(x.values[place]!);
}

/** Only what is positive, and wide enough for it to tell more. */
function canBeLog(chart: Chart, axis: "x" | "y"): boolean {
  if (axis === "x" && !isLinear(chart)) return false;
  const { from, to } = reach(axis === "x" ? [chart.x.values] : chart.series.map(({ values }) => values));
  return from > 0 && to / from >= 20;
}

/** Whether x are numbers whose distances tell something. */
const isLinear = ({ x, kind }: Chart): boolean => x.type === "number" && kind !== "bar";

function reach(lists: (number | null)[][]): { from: number; to: number } {
  let [from, to] = [Infinity, -Infinity];
  for (const list of lists) {
    for (const value of list) {
      if (value === null) continue;
      if (value < from) from = value;
      if (value > to) to = value;
    }
  }
  return { from, to };
}

function described(chart: Chart, name: string): string {
  const { x, series, kind } = chart;
  const last = x.values.length - 1;
  const ranges = last < 0 ? [] : [words.views.range(x.label || "x", placeText(chart, 0), placeText(chart, last))];
  for (const { label, values } of series) {
    const { from, to } = reach([values]);
    if (from <= to) ranges.push(words.views.range(label || words.views.value, formatted(from), formatted(to)));
  }
  return words.views.plotOf(chart.title || name, words.views.kinds[kind], x.values.length, ranges);
}
