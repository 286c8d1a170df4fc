/** Which runs a page shows, as its address says it. */
import { STATES, type Run, type State } from "./domain";

export const SORTS = ["-created", "created", "-finished", "finished", "-duration", "duration"] as const;
export type Sort = (typeof SORTS)[number];

/** Names of times up to now, in ms. */
export const TIMES = { "1h": 3_600_000, "1d": 86_400_000, "7d": 604_800_000 } as const;
export type Time = keyof typeof TIMES;

/** Rows of a page. */
export const PAGE = 50;

export interface Filters {
  state: State | "";
  job: string;
  caller: string;
  text: string;
  time: Time | "";
  /** An own range: moments of this place, as fields of the type `datetime-local` have them. */
  since: string;
  until: string;
  sort: Sort;
  /** From 1. */
  page: number;
  /** Later pages show the runs that there were at this moment, lest new ones push rows from page to page. */
  as: string;
}

export const NONE: Filters = {
  state: "",
  job: "",
  caller: "",
  text: "",
  time: "",
  since: "",
  until: "",
  sort: "-created",
  page: 1,
  as: "",
};

export function filtersFrom(search: string): Filters {
  const given = new URLSearchParams(search);
  const text = (name: string) => given.get(name)?.trim() ?? "";
  const one = <T extends string>(name: string, allowed: readonly T[]) => allowed.find((word) => word === text(name));
  return {
    state: one("state", STATES) ?? "",
    job: text("job"),
    caller: text("caller"),
    text: text("text").slice(0, 200),
    time: one("time", Object.keys(TIMES) as Time[]) ?? "",
    since: text("since"),
    until: text("until"),
    sort: one("sort", SORTS) ?? "-created",
    page: Math.max(Math.floor(Number(text("page"))) || 1, 1),
    as: text("as"),
  };
}

/** The address of a page; what stands at its default is left out. */
export function addressOf(filters: Filters): string {
  const given = Object.entries(filters).filter(([name, value]) => value !== NONE[name as keyof Filters]);
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length ? `/runs?${search}` : "/runs";
}

/** Whether anything is filtered out. */
export const isFiltering = (filters: Filters): boolean =>
  addressOf({ ...filters, sort: NONE.sort, page: 1, as: "" }) !== addressOf(NONE);

/** Whether new runs come in at the top. */
export const isNewest = ({ sort, page }: Filters): boolean => sort === "-created" && page === 1;

/** The moment that a field of the type `datetime-local` says, null if it says none. */
const moment = (text: string): Date | null => {
  const at = new Date(text);
  return text && !Number.isNaN(at.getTime()) ? at : null;
};

interface Range {
  since: Date | null;
  until: Date | null;
}

function rangeOf({ time, since, until, as }: Filters, now: number): Range {
  const ends = [moment(until), moment(as)].filter((at) => at !== null);
  return {
    since: time ? new Date(now - TIMES[time]) : moment(since),
    until: ends.length ? new Date(Math.min(...ends.map(Number))) : null,
  };
}

/** The filters as params of `run.count` and, with sorting and paging, of `run.list`. */
export function countParams(filters: Filters, now: number): Record<string, unknown> {
  const { since, until } = rangeOf(filters, now);
  const { job, caller, text } = filters;
  const all = { job, caller, text, since: since?.toISOString(), until: until?.toISOString() };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value));
}

/** One row more than a page has, to know whether there are more. */
export function listParams(filters: Filters, now: number): Record<string, unknown> {
  const { state, sort, page } = filters;
  return {
    ...countParams(filters, now),
    ...(state && { state }),
    ...(sort !== NONE.sort && { sort }),
    ...(page > 1 && { skip: (page - 1) * PAGE }),
    limit: PAGE + 1,
  };
}

/** Whether a run belongs among those shown, as far as can be told here: not whether it has the text. */
export function fits(run: Run, filters: Filters, now: number): boolean {
  const { since, until } = rangeOf(filters, now);
  return (
    (!filters.state || run.state === filters.state) &&
    (!filters.job || run.job === filters.job) &&
    (!filters.caller || run.caller === filters.caller) &&
    (!since || run.createdAt >= since) &&
    (!until || run.createdAt < until)
  );
}

/**
 * The rows of a page with what was told since they were read: they change in place, and on the first page new ones come
 * in at the top. What has the text that is looked for only the server knows: those come when the page is read again.
 */
export function withNews(rows: readonly Run[], news: readonly Run[], filters: Filters, now: number): Run[] {
  const told = new Map(news.map((run) => [run.id, run]));
  const changed = rows.map((row) => {
    const run = told.get(row.id);
    return run && run.seq >= row.seq ? run : row;
  });
  if (!isNewest(filters) || filters.text) return changed;
  const first = rows[0]?.createdAt ?? new Date(0);
  const here = new Set(rows.map(({ id }) => id));
  const fresh = news.filter((run) => !here.has(run.id) && run.createdAt >= first && fits(run, filters, now));
  fresh.sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
  return [...fresh, ...changed].slice(0, PAGE);
}

/** How many of the runs told have come since a later page was fixed. */
export const newerThan = (filters: Filters, news: readonly Run[], now: number): number =>
  filters.as
    ? news.filter((run) => run.createdAt >= moment(filters.as)! && fits(run, { ...filters, as: "" }, now)).length
    : 0;
