const days = ["Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays"];
const months = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

const ENDS: Record<string, string> = { one: "st", two: "nd", few: "rd", other: "th" };
const ordinals = new Intl.PluralRules("en", { type: "ordinal" });
const ordinal = (n: number) => `${n}${ENDS[ordinals.select(n)]}`;

const lists = new Intl.ListFormat("en", { type: "conjunction" });
const list = (texts: string[]) => lists.format(texts);

const times = (n: number) => (n === 1 ? "1 moment was" : `${n} moments were`);

export const schedules = {
  every: (n: number, unit: string) => (n === 1 ? `every ${unit}` : `every ${n} ${unit}s`),
  everyLength: (parts: string[]) => `every ${parts.join(" ")}`,
  part: (n: number, unit: string) => `${n} ${unit}${n === 1 ? "" : "s"}`,
  units: { day: "day", hour: "hour", minute: "minute", second: "second" },
  at: (clock: string[]) => `at ${list(clock)}`,
  pastHour: (minutes: string[]) => `at ${list(minutes.map((minute) => `:${minute}`))}`,
  between: (from: string, to: string) => `between ${from} and ${to}`,
  daily: "every day",
  hourly: "every hour",
  on: (names: string[]) => `on ${list(names)}`,
  weekdays: "on weekdays",
  weekends: "at weekends",
  days,
  dayRange: (from: string, to: string) => `from ${from} to ${to}`,
  nth: (n: number, day: string) =>
    `on the ${["first", "second", "third", "fourth", "fifth"][n - 1]} ${day.slice(0, -1)} of the month`,
  lastDay: "on the last day of the month",
  lastWeekday: "on the last weekday of the month",
  lastOf: (day: string) => `on the last ${day.slice(0, -1)} of the month`,
  monthDays: (numbers: number[]) => `on the ${list(numbers.map(ordinal))} of the month`,
  dates: (numbers: number[], names: string[]) => `on ${list(numbers.map(String))} ${list(names)}`,
  months,
  inMonths: (names: string[]) => `in ${list(names)}`,

  empty: {
    title: "No schedules",
    text: "A schedule starts runs of a job by the clock. Declare one above a function:",
    code: '@hp.cron("*/5 * * * *")\ndef check() -> None:\n    ...',
  },
  count: (n: number) => (n === 1 ? "1 schedule" : `${n} schedules`),
  failed: "Schedules cannot be shown",
  job: "Job",
  rule: "When",
  next: "Next",
  upcoming: (n: number) => `and ${n} more`,
  last: "Last",
  params: "Params",
  paused: "Paused",
  pausedSince: "Paused, since",
  never: "Not fired yet",
  noNext: "Not put on record yet: no node has looked at it",
  noMore: "No moment is to come",
  run: "run",
  openRun: "Open the run",
  gone: "no longer kept",
  skipped: (n: number) => `${times(n)} passed over, last`,
  skippedFor: {
    missed: "because nobody was there to fire it",
    overlap: "because the run before was still going on",
  } as Record<string, string>,
  waitingFor: {
    "no worker alive": "When the time comes it will wait: no worker is alive.",
    "job unknown to every worker":
      "When the time comes it will wait: no worker that is alive knows this job. Restart workers with the present code.",
    overlap: "Due now, and waiting for the end of the run before.",
  } as Record<string, string>,
  pause: "Pause",
  resume: "Resume",
  fire: "Fire now",
  named: (verb: string, name: string) => `${verb} ${name}`,
  fired: "Fired:",
  errors: {
    [-32009]: "The run before is still going on, and this schedule starts none beside it.",
    [-32004]: "This schedule is no longer declared. Reload the page.",
    [-32003]: "Only operators may pause, resume and fire schedules.",
    [-32001]: "Sign in as an operator to pause, resume and fire schedules.",
  } as Record<number, string>,
};
