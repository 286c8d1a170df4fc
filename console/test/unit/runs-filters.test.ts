/** Which runs a page shows. */
import { expect, test } from "vitest";
import { runFrom, type Run } from "../../src/features/runs/domain";
import {
  addressOf,
  countParams,
  filtersFrom,
  isFiltering,
  listParams,
  newerThan,
  NONE,
  PAGE,
  withNews,
  type Filters,
} from "../../src/features/runs/filters";
import { moment, runRecord } from "../../src/testing/runs";

const NOW = Date.parse(moment(3600));

const filters = (some: Partial<Filters>): Filters => ({ ...NONE, ...some });
const run = (id: string, seconds: number, more: Parameters<typeof runRecord>[1] = {}): Run =>
  runFrom(runRecord("running", { id, created_at: moment(seconds), ...more }));
const ids = (runs: Run[]) => runs.map(({ id }) => id);

test("an address says which runs, and the runs say the address", () => {
  const some = filters({
    state: "failed",
    job: "shop.orders & co",
    time: "1d",
    text: "50%",
    sort: "-duration",
    page: 3,
  });
  const address = addressOf(some);
  expect(address).toMatch(/^\/runs\?/);
  expect(filtersFrom(address.slice("/runs".length))).toEqual(some);
  expect(addressOf(NONE)).toBe("/runs");
});

test("what an address has wrong is left out", () => {
  expect(filtersFrom("?state=asleep&sort=size&page=-4&time=2y&since=yesterday")).toEqual({
    ...NONE,
    since: "yesterday",
  });
  expect(countParams(filters({ since: "yesterday" }), NOW)).toEqual({});
});

test("sorting and paging are no filters", () => {
  expect(isFiltering(filters({ sort: "finished", page: 4, as: moment(1) }))).toBe(false);
  expect(isFiltering(filters({ text: "x" }))).toBe(true);
});

test("only what differs from the default is asked for", () => {
  expect(listParams(NONE, NOW)).toEqual({ limit: PAGE + 1 });
  expect(listParams(filters({ state: "queued", job: "a", time: "1h", sort: "created", page: 3 }), NOW)).toEqual({
    state: "queued",
    job: "a",
    since: moment(0),
    sort: "created",
    skip: 2 * PAGE,
    limit: PAGE + 1,
  });
});

test("later pages are asked for as they were when the first was left", () => {
  expect(listParams(filters({ page: 2, as: moment(7) }), NOW)).toMatchObject({ until: moment(7), skip: PAGE });
  const both = filters({ page: 2, as: moment(7), until: moment(3) });
  expect(countParams(both, NOW)).toEqual({ until: moment(3) });
});

test("rows change in place, never back to how they were", () => {
  const rows = [run("b", 2, { seq: 5 }), run("a", 1, { seq: 5 })];
  const news = [run("a", 1, { seq: 6, state: "succeeded" }), run("b", 2, { seq: 4, state: "queued" })];
  expect(withNews(rows, news, NONE, NOW).map(({ id, state }) => [id, state])).toEqual([
    ["b", "running"],
    ["a", "succeeded"],
  ]);
});

test("new runs that fit come in at the top of the first page", () => {
  const rows = [run("a", 10)];
  const news = [run("c", 12), run("b", 11), run("failed", 13, { state: "failed" }), run("older", 5)];
  expect(ids(withNews(rows, news, filters({ state: "running" }), NOW))).toEqual(["c", "b", "a"]);
  expect(ids(withNews([], news, filters({ job: "another" }), NOW))).toEqual([]);
});

test("a page keeps its length", () => {
  const rows = Array.from({ length: PAGE }, (_, n) => run(`${n}`, 1000 - n));
  const shown = withNews(rows, [run("new", 2000)], NONE, NOW);
  expect(shown).toHaveLength(PAGE);
  expect(shown[0]!.id).toBe("new");
});

test.each([{ page: 2, as: moment(5) }, { sort: "duration" as const }, { text: "abc" }])(
  "nothing comes in at the top with %o",
  (some) => {
    expect(ids(withNews([run("a", 1)], [run("b", 9)], filters(some), NOW))).toEqual(["a"]);
  },
);

test("runs that have come since are counted on later pages", () => {
  const news = [run("c", 9), run("b", 8, { state: "failed" }), run("a", 1)];
  expect(newerThan(filters({ page: 2, as: moment(5) }), news, NOW)).toBe(2);
  expect(newerThan(filters({ page: 2, as: moment(5), state: "failed" }), news, NOW)).toBe(1);
  expect(newerThan(NONE, news, NOW)).toBe(0);
});
