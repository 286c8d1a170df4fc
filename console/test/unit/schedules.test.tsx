/** Schedules on their page, and their rules in words. */
import { HotplateError } from "@hotplate/client";
import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { ScheduleRecord } from "../../src/features/schedules/domain";
import { cronText, everyText, ruleText } from "../../src/features/schedules/rule";
import SchedulesPage from "../../src/features/schedules/SchedulesPage";
import { runRecord } from "../../src/testing/runs";
import { FakeClient, show } from "../client";

test.each([
  ["* * * * *", "every minute"],
  ["*/5 * * * *", "every 5 minutes"],
  ["*/1 * * * *", "every minute"],
  ["*/15 9-17 * * MON-FRI", "every 15 minutes between 09:00 and 17:59 on weekdays"],
  ["* 8 * * *", "every minute between 08:00 and 08:59"],
  ["0 * * * *", "every hour"],
  ["@hourly", "every hour"],
  ["5 * * * *", "every hour at :05"],
  ["0,30 * * * *", "every hour at :00 and :30"],
  ["0 */6 * * *", "every 6 hours"],
  ["15 */2 * * *", "every 2 hours at :15"],
  ["0 9-17 * * 1-5", "every hour between 09:00 and 17:00 on weekdays"],
  ["30 2 * * *", "every day at 02:30"],
  ["0 8,20 * * *", "every day at 08:00 and 20:00"],
  ["@daily", "every day at 00:00"],
  ["30 2 * * SUN", "on Sundays at 02:30"],
  ["30 2 * * 7", "on Sundays at 02:30"],
  ["@weekly", "on Sundays at 00:00"],
  ["0 6 * * 6,0", "at weekends at 06:00"],
  ["0 6 * * mon,wed,fri", "on Mondays, Wednesdays, and Fridays at 06:00"],
  ["0 6 * * TUE-THU", "from Tuesdays to Thursdays at 06:00"],
  ["0 6 * * MON#1", "on the first Monday of the month at 06:00"],
  ["0 6 * * FRIL", "on the last Friday of the month at 06:00"],
  ["0 0 1 * *", "on the 1st of the month at 00:00"],
  ["@monthly", "on the 1st of the month at 00:00"],
  ["0 12 2,13,23 * *", "on the 2nd, 13th, and 23rd of the month at 12:00"],
  ["0 22 L * *", "on the last day of the month at 22:00"],
  ["0 0 1 1 *", "on 1 January at 00:00"],
  ["0 7 * JUN-AUG *", "in June, July, and August at 07:00"],
  ["0 7 * 12 MON", "on Mondays in December at 07:00"],
])("%s is said as %s", (cron, said) => {
  expect(cronText(cron)).toBe(said);
});

test.each(["0 0 1 * MON", "1-20 * * * *", "*/7 1,5 * * *", "61 * * * *", "5/10 * * * *", "nonsense", ""])(
  "%s stands as it is",
  (cron) => {
    expect(cronText(cron)).toBeNull();
    expect(ruleText({ cron, every: null })).toBe(cron);
  },
);

test.each([
  [1, "every second"],
  [90, "every 90 seconds"],
  [300, "every 5 minutes"],
  [3600, "every hour"],
  [5400, "every 90 minutes"],
  [86_400, "every day"],
  [604_800, "every 7 days"],
  [1.5, "every 1.5 seconds"],
  [90_061.5, "every 1 day 1 hour 1 minute 1.5 seconds"],
])("a period of %d s is said as %s", (seconds, said) => {
  expect(everyText(seconds)).toBe(said);
});

const RUN = runRecord("succeeded");

const record = (more: Partial<ScheduleRecord> = {}): ScheduleRecord => ({
  name: "manifest.check",
  job: "manifest.check",
  cron: "*/5 * * * *",
  timezone: "Europe/Berlin",
  every: null,
  params: { url: "https://shop.example" },
  catch_up: "once",
  window: 86_400,
  overlap: "skip",
  next_at: "2026-11-21T03:25:00Z",
  upcoming: ["2026-11-21T03:25:00Z", "2026-11-21T03:30:00Z", "2026-11-21T03:35:00Z"],
  waiting_for: null,
  paused_at: null,
  last_due_at: "2026-11-21T03:20:00Z",
  last_run: RUN.id,
  skipped: 0,
  skipped_at: null,
  skipped_for: null,
  version: 4,
  ...more,
});

function page(answers: ConstructorParameters<typeof FakeClient>[0] = {}, ...records: ScheduleRecord[]) {
  const client = new FakeClient({ "run.get": () => RUN, ...answers });
  show(<SchedulesPage />, client);
  client.tell("schedules", { value: records, error: null });
  return client;
}

const refuse = (code: number) => () => {
  throw new HotplateError(code, "no");
};

test("a schedule says when it is due, what it runs and what came of it", async () => {
  page({}, record());
  const card = within(screen.getByRole("article", { name: "manifest.check" }));
  expect(card.getByText("every 5 minutes")).toBeTruthy();
  expect(card.getByText("*/5 * * * *").parentElement!.textContent).toContain("Europe/Berlin");
  expect(card.getByText("and 2 more")).toBeTruthy();
  expect(card.getByRole("link", { name: "manifest.check" }).getAttribute("href")).toBe("/functions/manifest.check");
  expect(card.getByRole("link", { name: "run" }).getAttribute("href")).toBe(`/runs/${RUN.id}`);
  expect(await card.findByText("Succeeded")).toBeTruthy();
});

test("what was passed over, and why one will wait, is said", () => {
  const skipped = { skipped: 2, skipped_at: "2026-11-20T18:45:00Z", skipped_for: "overlap" };
  page({}, record({ ...skipped, waiting_for: "no worker alive" }));
  expect(screen.getByText(/2 moments were passed over/).textContent).toContain("still going on");
  expect(screen.getByText(/no worker is alive/)).toBeTruthy();
});

test("a schedule is paused and resumed, and shows what it has become", async () => {
  const client = page({ "schedule.pause": () => record(), "schedule.resume": () => record() }, record());
  await userEvent.click(screen.getByRole("button", { name: "Pause manifest.check" }));
  expect(client.called("schedule.pause")).toEqual([{ name: "manifest.check" }]);
  client.tell("schedules", { value: [record({ paused_at: "2026-11-21T03:21:00Z", upcoming: [] })], error: null });
  expect(screen.getByText("Paused")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Resume manifest.check" }));
  expect(client.called("schedule.resume")).toHaveLength(1);
});

test("firing leads to the new run", async () => {
  page({ "schedule.fire": () => runRecord("queued", { id: "new-run" }) }, record());
  await userEvent.click(screen.getByRole("button", { name: "Fire now manifest.check" }));
  expect((await screen.findByRole("link", { name: "Open the run" })).getAttribute("href")).toBe("/runs/new-run");
});

test("a run that still goes on is in the way of another", async () => {
  page({ "schedule.fire": refuse(-32009) }, record());
  await userEvent.click(screen.getByRole("button", { name: "Fire now manifest.check" }));
  expect(await screen.findByText(/run before is still going on/)).toBeTruthy();
});

test("whoever may not act is told so once, and is offered it no more", async () => {
  page({ "schedule.pause": refuse(-32003) }, record(), record({ name: "other" }));
  await userEvent.click(screen.getByRole("button", { name: "Pause other" }));
  expect(await screen.findByText(/Only operators/)).toBeTruthy();
  expect(screen.queryByRole("button", { name: /Pause|Fire/ })).toBeNull();
  expect(screen.getAllByRole("article")).toHaveLength(2);
});

test("the state of a run that is no longer kept is not made up", async () => {
  page({ "run.get": refuse(-32004) }, record());
  expect(await screen.findByText("no longer kept")).toBeTruthy();
});

test("where there is none, it says how to declare one", () => {
  page();
  expect(screen.getByText(/@hp.cron/)).toBeTruthy();
});

test("an error stands where nothing is known, and not where something is", () => {
  const client = new FakeClient({ "run.get": () => RUN });
  show(<SchedulesPage />, client);
  expect(screen.getByRole("status", { name: "Loading…" })).toBeTruthy();
  client.tell("schedules", { value: null, error: new HotplateError(-32001, "Sign-in needed") });
  expect(screen.getByRole("alert").textContent).toContain("Sign-in needed");
  client.tell("schedules", { value: [record()], error: new HotplateError(-32001, "Sign-in needed") });
  expect(screen.queryByRole("alert")).toBeNull();
});

test("a run that goes on is looked at until it has ended", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  let state: "running" | "succeeded" = "running";
  page({ "run.get": () => runRecord(state) }, record());
  expect(await screen.findByText("Running")).toBeTruthy();
  state = "succeeded";
  await vi.advanceTimersByTimeAsync(2500);
  expect(await screen.findByText("Succeeded")).toBeTruthy();
  vi.useRealTimers();
});
