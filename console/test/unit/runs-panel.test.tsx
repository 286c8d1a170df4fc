/** A run as its page shows it. */
import { HotplateError, NotFound, type RunRecord, type State } from "@hotplate/client";
import { screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import RunPage from "../../src/features/runs/RunPage";
import RunPanel from "../../src/features/runs/RunPanel";
import { moment, runRecord } from "../../src/testing/runs";
import { FakeClient, show, snapshotOf } from "../client";

const ID = runRecord("queued").id;
const TOPIC = `run/${ID}`;

const DOCUMENT = { info: { title: "app" }, methods: [], "x-hotplate-lives": [], components: { schemas: {} } };

/** A server with one run, and what `run.get` says beside it. */
function serverWith(run: RunRecord, details: object = {}, more: ConstructorParameters<typeof FakeClient>[0] = {}) {
  const client = new FakeClient({
    "rpc.discover": () => DOCUMENT,
    "run.get": () => ({ ...run, params: { samples: 1000 }, place: null, traceback: null, ...details }),
    "run.list": () => ({ runs: [], next: null }),
    ...more,
  });
  client.tell(TOPIC, snapshotOf(run));
  return client;
}

const button = (name: string | RegExp) => screen.getByRole("button", { name });

test.each<[State, string]>([
  ["queued", "Queued · estimate_pi"],
  ["running", "57 % · estimate_pi"],
  ["succeeded", "Done · estimate_pi"],
  ["failed", "Failed · estimate_pi"],
  ["cancelled", "Cancelled · estimate_pi"],
])("the tab of a run that is %s says so", async (state, title) => {
  show(<RunPage id={ID} />, serverWith(runRecord(state)));
  await waitFor(() => expect(document.title).toContain(title));
  expect(screen.getByRole("heading", { level: 1, name: "estimate_pi" })).toBeTruthy();
});

test("a running one shows how far it is, how quick, and how long it will take", () => {
  show(
    <RunPanel id={ID} />,
    serverWith(runRecord("running", { started_at: new Date(Date.now() - 8000).toISOString() })),
  );
  expect(screen.getByRole("progressbar", { name: "Progress" }).getAttribute("value")).toBe("0.57");
  expect(screen.getByText("57 %")).toBeTruthy();
  expect(screen.getByText("darts")).toBeTruthy();
  expect(screen.getByText(/^57 of 100 · 12.5 a second · about 4 s left · running for 8.\d s$/)).toBeTruthy();
});

test("a queued one tells its place", async () => {
  show(<RunPanel id={ID} />, serverWith(runRecord("queued"), { place: 2 }));
  expect(await screen.findByText("2nd in the queue")).toBeTruthy();
});

test.each([
  ["no worker alive", "No worker is alive", "hotplate worker APP"],
  ["job unknown to every worker", "No worker knows this job", /Restart them/],
  ["concurrency", "Waits for other runs of this job", /begins when one of them ends/],
])("a run that waits for %s says what to do", (waiting_for, title, todo) => {
  show(<RunPanel id={ID} />, serverWith(runRecord("queued", { waiting_for })));
  expect(screen.getByText(title)).toBeTruthy();
  expect(screen.getByText(todo)).toBeTruthy();
});

test("a pause before another attempt is counted down", () => {
  const due_at = new Date(Date.now() + 90_000).toISOString();
  show(<RunPanel id={ID} />, serverWith(runRecord("queued", { attempt: 1, waiting_for: "delay", due_at })));
  expect(screen.getByText(/^Attempt 2 begins in 1:(30|29)$/)).toBeTruthy();
});

test("a failed one says why, and operators see its traceback", async () => {
  const traceback = "Traceback (most recent call last):\nValueError: <b>broken</b>";
  show(<RunPanel id={ID} />, serverWith(runRecord("failed"), { traceback }));
  const note = within(screen.getByRole("alert"));
  expect(note.getByText("The job failed")).toBeTruthy();
  expect(note.getByText(/Error id 7d1f/)).toBeTruthy();
  expect(note.getByText(/"type": "ValueError"/)).toBeTruthy();
  expect(await note.findByText(/<b>broken<\/b>/)).toBeTruthy();
});

test("what a run was told with is shown, what it yields and what comes of it", async () => {
  const client = serverWith(runRecord("running"));
  show(<RunPanel id={ID} />, client);
  expect(await screen.findByText("samples")).toBeTruthy();
  client.tell(TOPIC, snapshotOf(runRecord("running"), { partials: [1, 2] }));
  expect(await screen.findByRole("heading", { name: "Results so far" })).toBeTruthy();
  client.tell(TOPIC, snapshotOf(runRecord("succeeded")));
  expect(await screen.findByRole("heading", { name: "Result" })).toBeTruthy();
  expect((await screen.findAllByText(/3\.14159/)).length).toBeGreaterThan(0);
});

test("what a run had yielded before it was cancelled stays", () => {
  const client = serverWith(runRecord("cancelled"));
  client.tell(TOPIC, snapshotOf(runRecord("cancelled"), { partials: [1, 2] }));
  show(<RunPanel id={ID} />, client);
  expect(screen.getByRole("heading", { name: "Results before it ended" })).toBeTruthy();
});

test("a large result is shown to those who want it", async () => {
  const file = { id: "f", name: "result.json", media_type: "application/json", size: 3 * 1024 ** 2, url: "/files/f" };
  const client = serverWith(runRecord("succeeded", { result: null, result_file: file }));
  const json = vi.fn(async () => "all of it");
  Object.assign(client, { http: { json } });
  show(<RunPanel id={ID} />, client);
  expect(screen.getByText("The result has 3.0 MB.")).toBeTruthy();
  expect(screen.getByRole("link", { name: "Download" }).getAttribute("href")).toBe("/files/f");
  expect(json).not.toHaveBeenCalled();
  await userEvent.click(button("Show it anyway"));
  expect(await screen.findByText("all of it")).toBeTruthy();
});

test("a queued one is cancelled at once, a running one after a question", async () => {
  const client = serverWith(runRecord("queued"), {}, { "run.cancel": () => runRecord("cancelled") });
  show(<RunPanel id={ID} />, client);
  await userEvent.click(button("Cancel"));
  expect(client.called("run.cancel")).toEqual([{ id: ID }]);
  client.tell(TOPIC, snapshotOf(runRecord("running")));
  await waitFor(() => expect(screen.getByText("57 %")).toBeTruthy());
  await userEvent.click(button("Cancel"));
  expect(client.called("run.cancel")).toHaveLength(1);
  await userEvent.click(within(screen.getByRole("dialog", { name: "Cancel this run?" })).getByText("Cancel the run"));
  expect(client.called("run.cancel")).toHaveLength(2);
  client.tell(TOPIC, snapshotOf(runRecord("running", { stop_requested: "cancel" })));
  await waitFor(() => expect(button("Cancelling…").hasAttribute("disabled")).toBe(true));
});

test("that it was cancelled is no failure", async () => {
  const error = { code: -32011, message: "Cancelled", data: null };
  show(<RunPanel id={ID} />, serverWith(runRecord("cancelled", { error }), { traceback: "Traceback: RunCancelled" }));
  expect(screen.getByText("Cancelled")).toBeTruthy();
  expect(screen.queryByRole("alert")).toBeNull();
  expect(screen.queryByText("Traceback")).toBeNull();
});

test("run again leads to the new run, and its inputs can be edited first", async () => {
  const again = { "run.retry": () => ({ ...runRecord("queued"), id: "another" }) };
  const { history } = show(<RunPanel id={ID} />, serverWith(runRecord("failed"), {}, again), `/runs/${ID}`);
  expect(screen.getByRole("link", { name: "Edit and run" }).getAttribute("href")).toBe(
    `/functions/estimate_pi?from=${ID}`,
  );
  await userEvent.click(button("Run again"));
  await waitFor(() => expect(history.at(-1)).toBe("/runs/another"));
});

test("what the server refuses is said, and what it never allows is not offered", async () => {
  const refuse = () => {
    throw new HotplateError(-32009, "Conflict: not now");
  };
  const client = serverWith(runRecord("failed"), {}, { "run.retry": refuse });
  const { unmount } = show(<RunPanel id={ID} />, client);
  await userEvent.click(button("Run again"));
  expect(await screen.findByText("Conflict: not now")).toBeTruthy();
  unmount();
  const signIn = () => {
    throw new HotplateError(-32001, "Sign-in needed");
  };
  show(<RunPanel id={ID} />, serverWith(runRecord("failed"), {}, { "run.list": signIn }));
  await waitFor(() => expect(screen.queryByRole("button", { name: "Run again" })).toBeNull());
  expect(screen.getByText("The job failed")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Share" })).toBeNull();
});

test("a link to a run is made, copied and taken back", async () => {
  const sharing = { "run.share": () => ({ url: "/console/shared/abc" }), "run.unshare": () => null };
  const client = serverWith(runRecord("succeeded"), {}, sharing);
  show(<RunPanel id={ID} />, client);
  await userEvent.click(button("Share"));
  const dialog = within(screen.getByRole("dialog", { name: "Share this run" }));
  await userEvent.click(dialog.getByText("Make a link"));
  const link = (await dialog.findByLabelText("Link to share")) as HTMLInputElement;
  expect(link.value).toBe("http://server.test/console/shared/abc");
  await userEvent.click(dialog.getByText("Stop sharing"));
  expect(await dialog.findByText("Links to this run no longer work.")).toBeTruthy();
  expect(client.called("run.unshare")).toEqual([{ id: ID }]);
});

test("runs around it are linked", async () => {
  const child = runRecord("running", { id: "0123456789", job: "child" });
  const client = serverWith(
    runRecord("running", { retry_of: "retried-run", parent_id: "parent-run" }),
    {},
    {
      "run.list": () => ({ runs: [child], next: null }),
    },
  );
  show(<RunPanel id={ID} />, client);
  expect((await screen.findByRole("link", { name: "child" })).getAttribute("href")).toBe("/runs/0123456789");
  expect(screen.getByRole("link", { name: "retried-" }).getAttribute("href")).toBe("/runs/retried-run");
  expect(screen.getByRole("link", { name: "parent-r" }).getAttribute("href")).toBe("/runs/parent-run");
});

test("a run that there is not has a page that says so", () => {
  const client = new FakeClient();
  client.tell(TOPIC, { ...snapshotOf(runRecord("queued")), run: null, error: new NotFound(-32004, "Not found") });
  show(<RunPage id={ID} />, client);
  expect(screen.getByRole("heading", { name: "There is no such run" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "To the runs" }).getAttribute("href")).toBe("/runs");
});

test("a run that was told of stays when it can no longer be followed", () => {
  const client = serverWith(runRecord("running"));
  client.tell(TOPIC, { ...snapshotOf(runRecord("running")), error: new NotFound(-32004, "the run is no longer kept") });
  show(<RunPanel id={ID} />, client);
  expect(screen.getByText("the run is no longer kept")).toBeTruthy();
  expect(screen.getByText("57 %")).toBeTruthy();
});

test("the compact one leads to its page and has no facts", () => {
  show(<RunPanel id={ID} isCompact />, serverWith(runRecord("running")));
  expect(screen.getByRole("link", { name: "estimate_pi" }).getAttribute("href")).toBe(`/runs/${ID}`);
  expect(screen.queryByRole("heading", { name: "Facts" })).toBeNull();
});

class FakeNotification {
  static made: string[] = [];
  static answer = "granted";
  static requestPermission = async () => FakeNotification.answer;
  onclick = () => {};
  close() {}
  constructor(text: string) {
    FakeNotification.made.push(text);
  }
}

beforeEach(() => {
  FakeNotification.made = [];
  FakeNotification.answer = "granted";
  vi.stubGlobal("Notification", FakeNotification);
});
afterEach(() => vi.unstubAllGlobals());

test("who wants to be told of the end is told once, also when the page was left", async () => {
  const client = serverWith(runRecord("running"));
  const { unmount } = show(<RunPanel id={ID} />, client);
  await userEvent.click(button("Tell me when it is done"));
  await waitFor(() => expect(button("Tell me when it is done").getAttribute("aria-pressed")).toBe("true"));
  unmount();
  client.push({ topic: TOPIC, seq: 5, type: "progress", data: null });
  expect(FakeNotification.made).toEqual([]);
  const ended = { topic: TOPIC, seq: 9, type: "run", data: runRecord("succeeded") };
  client.push(ended);
  client.push(ended);
  expect(FakeNotification.made).toEqual(["estimate_pi is done"]);
});

test("a browser that refuses notifications is not asked in vain", async () => {
  FakeNotification.answer = "denied";
  show(<RunPanel id={ID} />, serverWith(runRecord("running", { started_at: moment(1) })));
  await userEvent.click(button("Tell me when it is done"));
  expect(await screen.findByText("This browser does not let the console send notifications")).toBeTruthy();
  expect(button("Tell me when it is done").getAttribute("aria-pressed")).toBe("false");
});
