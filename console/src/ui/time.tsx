/** Moments and durations as people read them. */
import { useEffect, useState } from "react";
import { words } from "../words";

const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
  ["second", 1000],
];

/** "3 min ago", "in 2 hr." */
export function ago(at: Date, now: number): string {
  const distance = at.getTime() - now;
  const [unit, size] = UNITS.find(([, ms]) => Math.abs(distance) >= ms) ?? ["second", 1000];
  return relative.format(Math.trunc(distance / size), unit);
}

/** "12 ms", "0.42 s", "3.1 s", "2:05", "1:02:05"; `ms` in milliseconds. */
export function duration(ms: number): string {
  const s = Math.max(ms, 0) / 1000;
  if (s < 0.1) return words.ui.milliseconds(Math.round(s * 1000));
  if (s < 1) return words.ui.seconds(s.toFixed(2));
  if (s < 60) return words.ui.seconds(s.toFixed(1));
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${minutes}:${two(s % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

/** Of what is counted down, whole seconds: "51 s", "1:05". */
export const countdown = (ms: number): string =>
  ms < 60_000 ? words.ui.seconds(String(Math.ceil(Math.max(ms, 0) / 1000))) : duration(Math.ceil(ms / 1000) * 1000);

export const exactly = (at: Date): string => exact.format(at);

/** The time, told again every `ms`; not told while `ms` is null. */
export function useNow(ms: number | null = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (ms === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return now;
}

/** How long ago something was, or is to be; the moment itself when pointed at. */
export function Ago({ at }: { at: Date | null }) {
  const now = useNow(at && Math.abs(at.getTime() - Date.now()) < 120_000 ? 1000 : 30_000);
  if (!at) return <span className="muted">{words.ui.never}</span>;
  return (
    <time dateTime={at.toISOString()} title={exactly(at)}>
      {ago(at, now)}
    </time>
  );
}
