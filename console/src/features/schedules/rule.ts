/** Rules of schedules as people say them. */
import { words } from "../../words";
import type { Schedule } from "./domain";

const w = words.schedules;

/** When a schedule is due: "every 5 minutes"; its cron where there are no words for that. */
export function ruleText({ cron, every }: Pick<Schedule, "cron" | "every">): string {
  if (every !== null) return everyText(every);
  return cronText(cron ?? "") ?? cron ?? "";
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
] as const;

/** A period in seconds: "every 5 minutes", "every 1 hour 30 minutes". */
export function everyText(seconds: number): string {
  const exact = UNITS.find(([, size]) => seconds >= size && seconds % size === 0);
  if (exact) return w.every(seconds / exact[1], w.units[exact[0]]);
  const parts: string[] = [];
  let rest = seconds;
  for (const [unit, size] of UNITS) {
    const n = unit === "second" ? Math.round(rest * 1e6) / 1e6 : Math.floor(rest / size);
    if (n) parts.push(w.part(n, w.units[unit]));
    rest -= n * size;
  }
  return w.everyLength(parts);
}

const MACROS: Record<string, string> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/** The five fields of cron in words; null for those that have none. */
export function cronText(cron: string): string | null {
  const fields = (MACROS[cron.toLowerCase()] ?? cron).trim().split(/\s+/);
  if (fields.length !== 5) return null;
  const [minute, hour, day, month, weekday] = fields as [string, string, string, string, string];
  const clock = clockText(minute, hour);
  const days = daysText(day, month, weekday);
  if (clock === null || days === null) return null;
  return [clock.isOfDay && !days ? w.daily : clock.isOfDay ? days : "", clock.text, clock.isOfDay ? "" : days]
    .filter(Boolean)
    .join(" ");
}

const LONG_LIST = 6;

/** When within the day. isOfDay: whether it is at times that have to be said of days. */
function clockText(minute: string, hour: string): { text: string; isOfDay: boolean } | null {
  const step = /^\*\/(\d+)$/.exec(minute);
  const minutes = numbers(minute, 0, 59);
  if (minute === "*" || (step && Number(step[1]) > 0)) {
    const often = w.every(step ? Number(step[1]) : 1, w.units.minute);
    const within = withinText(hour);
    return within === null ? null : { text: [often, within].filter(Boolean).join(" "), isOfDay: false };
  }
  if (!minutes || minutes.length > LONG_LIST) return null;
  const past = minutes.length === 1 && !minutes[0] ? "" : w.pastHour(minutes.map(two));
  const hourStep = /^\*\/(\d+)$/.exec(hour);
  if (hour === "*" || hourStep) {
    const often = hourStep ? w.every(Number(hourStep[1]), w.units.hour) : w.hourly;
    return { text: [often, past].filter(Boolean).join(" "), isOfDay: false };
  }
  const range = /^(\d+)-(\d+)$/.exec(hour);
  const hours = numbers(hour, 0, 23);
  if (range && hours) {
    const within = w.between(`${two(hours[0]!)}:${two(minutes[0]!)}`, `${two(hours.at(-1)!)}:${two(minutes.at(-1)!)}`);
    return { text: [w.hourly, past, within].filter(Boolean).join(" "), isOfDay: false };
  }
  if (!hours || hours.length * minutes.length > LONG_LIST) return null;
  const times = hours.flatMap((h) => minutes.map((m) => `${two(h)}:${two(m)}`));
  return { text: w.at(times), isOfDay: true };
}

/** Within which hours something happens by the minute. */
function withinText(hour: string): string | null {
  if (hour === "*") return "";
  const range = /^(\d+)(?:-(\d+))?$/.exec(hour);
  if (!range || !numbers(hour, 0, 23)) return null;
  return w.between(`${two(Number(range[1]))}:00`, `${two(Number(range[2] ?? range[1]))}:59`);
}

/** On which days; empty for all of them. */
function daysText(day: string, month: string, weekday: string): string | null {
  const months = month === "*" ? [] : numbers(month, 1, 12, MONTHS)?.map((n) => w.months[n - 1]!);
  if (!months) return null;
  const isAnyDay = day === "*";
  const isAnyWeekday = weekday === "*";
  const during = months.length ? w.inMonths(months) : "";
  if (isAnyDay && isAnyWeekday) return during;
  if (!isAnyDay && !isAnyWeekday) return null; // cron then means either of them
  if (isAnyDay) {
    const on = weekdaysText(weekday);
    return on && [on, during].filter(Boolean).join(" ");
  }
  if (day === "L" || day === "LW") return [day === "L" ? w.lastDay : w.lastWeekday, during].filter(Boolean).join(" ");
  const numbersOf = numbers(day, 1, 31);
  if (!numbersOf || numbersOf.length > LONG_LIST) return null;
  return months.length ? w.dates(numbersOf, months) : w.monthDays(numbersOf);
}

const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS = ["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

function weekdaysText(field: string): string | null {
  const special = /^(\w+?)(?:#([1-5])|L)$/i.exec(field);
  if (special) {
    const [which] = numbers(special[1]!, 0, 7, WEEKDAYS) ?? [];
    if (which === undefined) return null;
    const name = w.days[which % 7]!;
    return special[2] ? w.nth(Number(special[2]), name) : w.lastOf(name);
  }
  const found = numbers(field, 0, 7, WEEKDAYS);
  if (!found) return null;
  const days = [...new Set(found.map((n) => n % 7))].sort((a, b) => a - b);
  const key = days.join();
  if (key === "1,2,3,4,5") return w.weekdays;
  if (key === "0,6") return w.weekends;
  if (days.length === 7) return w.daily;
  if (days.length > 2 && /^\w+-\w+$/.test(field)) return w.dayRange(w.days[found[0]! % 7]!, w.days[found.at(-1)! % 7]!);
  return w.on(days.map((n) => w.days[n]!));
}

/** The numbers of a field that is a list of numbers, names and ranges with steps; null for anything else. */
function numbers(field: string, least: number, most: number, names: string[] = []): number[] | null {
  const all: number[] = [];
  for (const part of field.split(",")) {
    const match = /^(\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part);
    if (!match) return null;
    const [from, to] = [numberOf(match[1]!, names), match[2] === undefined ? null : numberOf(match[2], names)];
    const step = match[3] === undefined ? 1 : Number(match[3]);
    if (match[3] !== undefined && to === null) return null;
    const last = to ?? from;
    if (!(from >= least && last <= most && from <= last && step > 0)) return null;
    for (let n = from; n <= last; n += step) all.push(n);
  }
  return all;
}

function numberOf(text: string, names: string[]): number {
  const place = names.indexOf(text.toUpperCase());
  return place >= 0 && text ? place : /^\d+$/.test(text) ? Number(text) : NaN;
}

const two = (n: number): string => String(n).padStart(2, "0");
