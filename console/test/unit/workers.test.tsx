/** Workers on their page, and the notice that there is none. */
import { HotplateError } from "@hotplate/client";
import { act, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { WorkerRecord } from "../../src/features/workers/domain";
import { WorkerNotice } from "../../src/features/workers/WorkerNotice";
import WorkersPage from "../../src/features/workers/WorkersPage";
import { runRecord } from "../../src/testing/runs";
import { FakeClient, show } from "../client";

const RUN = runRecord("running");

const record = (more: Partial<WorkerRecord> = {}): WorkerRecord => ({
  id: "w1",
  host: "oven",
  pid: 4711,
  concurrency: 2,
  jobs: ["estimate_pi", "bake"],
  queues: null,
  started_at: "2026-11-21T03:20:00Z",
  seen_at: "2026-11-21T03:20:45Z",
  running: [RUN.id],
  memory: 25_165_824,
  ...more,
});

const told = (value: unknown) => ({ value, error: null });

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true }));
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

test("a worker says what it executes and how much room it has", () => {
  const client = new FakeClient();
  show(<WorkersPage />, client);
  client.tell("runs", told([RUN]));
  client.tell("workers", told([record(), record({ id: "w2", host: "grill", running: [], queues: ["fast", "slow"] })]));
  const oven = within(screen.getByRole("article", { name: "oven" }));
  expect(oven.getByText("1 of 2 slots busy")).toBeTruthy();
  expect(oven.getByRole("link", { name: /estimate_pi 5f0c9f8e/ }).getAttribute("href")).toBe(`/runs/${RUN.id}`);
  expect(oven.getByText("25 MB")).toBeTruthy();
  expect(oven.getByText("2 jobs")).toBeTruthy();
  expect(within(screen.getByRole("article", { name: "grill" })).getByText("fast, slow")).toBeTruthy();
  expect(screen.getByText("2 workers, 1 of 4 slots busy")).toBeTruthy();
});

test("a worker that is silent is marked, whatever its clock shows, until it is heard of", async () => {
  const client = new FakeClient();
  show(<WorkersPage />, client);
  client.tell("workers", told([record({ seen_at: "2001-01-01T00:00:00Z" })]));
  await pass(3000);
  expect(screen.queryByText("Late")).toBeNull();
  await pass(9000);
  expect(screen.getByText("Late")).toBeTruthy();
  client.tell("workers", told([record({ seen_at: "2001-01-01T00:00:12Z" })]));
  await pass(1000);
  expect(screen.queryByText("Late")).toBeNull();
});

test("nobody is late while the page itself hears nothing", async () => {
  const client = new FakeClient();
  show(<WorkersPage />, client);
  client.tell("workers", told([record()]));
  client.tell("connection", told(false));
  await pass(15_000);
  expect(screen.queryByText("Late")).toBeNull();
});

test("where no worker is alive, the page says how to start one", () => {
  document.body.dataset.title = "shop.app";
  const client = new FakeClient();
  show(<WorkersPage />, client);
  client.tell("workers", told([]));
  expect(screen.getByText("hotplate worker shop.app")).toBeTruthy();
  delete document.body.dataset.title;
});

const notice = () => screen.queryByText("Runs wait, and no worker is alive");

test("the notice comes when runs wait and no worker is alive, and goes by itself", async () => {
  const client = new FakeClient();
  show(<WorkerNotice />, client);
  client.tell("workers", told([]));
  client.tell("runs", told([RUN]));
  await pass(5000);
  expect(notice()).toBeNull();
  client.tell("runs", told([runRecord("queued", { waiting_for: "no worker alive" })]));
  expect(notice()).toBeNull();
  await pass(2500);
  expect(notice()).toBeTruthy();
  expect(screen.getByText("hotplate worker APP")).toBeTruthy();
  client.tell("workers", told([record()]));
  expect(notice()).toBeNull();
  expect(client.calls).toEqual([]);
});

test("a worker that is away for a moment makes no notice", async () => {
  const client = new FakeClient();
  show(<WorkerNotice />, client);
  client.tell("runs", told([runRecord("queued")]));
  client.tell("workers", told([]));
  await pass(1000);
  client.tell("workers", told([record()]));
  await pass(5000);
  expect(notice()).toBeNull();
});

test("whoever may not know of workers sees no notice", async () => {
  const client = new FakeClient();
  show(<WorkerNotice />, client);
  const error = new HotplateError(-32001, "Sign-in needed");
  client.tell("workers", { value: null, error });
  client.tell("runs", { value: null, error });
  await pass(5000);
  expect(notice()).toBeNull();
});
