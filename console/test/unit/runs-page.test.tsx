/** The list of runs. */
import { HotplateError, type RunRecord } from "@hotplate/client";
import { fireEvent, screen, waitFor, within } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import RunsPage from "../../src/features/runs/RunsPage";
import { moment, runRecord } from "../../src/testing/runs";
import { FakeClient, show } from "../client";

const DOCUMENT = {
  info: { title: "app" },
  methods: [{ name: "shop.orders", params: [], result: { schema: {} }, "x-hotplate-kind": "job" }],
  "x-hotplate-lives": [],
  components: { schemas: {} },
};
const COUNTS = { queued: 1, running: 2, succeeded: 12345, failed: 3, cancelled: 0 };

const run = (id: string, seconds: number, more: Partial<RunRecord> = {}): RunRecord =>
  runRecord("succeeded", { id, job: `job_${id}`, created_at: moment(seconds), ...more });

/** A server with these runs, newest first. */
const serverWith = (runs: RunRecord[], more: ConstructorParameters<typeof FakeClient>[0] = {}) =>
  new FakeClient({
    "rpc.discover": () => DOCUMENT,
    "run.list": () => ({ runs, next: null }),
    "run.count": () => COUNTS,
    ...more,
  });

const rows = () => screen.getAllByRole("row").slice(1);
const jobs = () => rows().map((row) => within(row).getByRole("link").textContent!.split(" ")[0]);
const lastList = (client: FakeClient) => client.called("run.list").at(-1);

test("runs are listed with what there is to know of each", async () => {
  const running = runRecord("running", { id: "r", job: "a" });
  const queued = runRecord("queued", { id: "q", job: "b", waiting_for: "no worker alive" });
  show(<RunsPage />, serverWith([running, queued, runRecord("failed", { id: "f", job: "c" })]));
  const [first, second, third] = await waitFor(() => (expect(rows()).toHaveLength(3), rows()));
  expect(within(first!).getByText("57 %")).toBeTruthy();
  expect(within(first!).getByText("1 of 3")).toBeTruthy();
  expect(within(second!).getByText("No worker is alive")).toBeTruthy();
  expect(within(third!).getByText("The job failed")).toBeTruthy();
  expect(within(third!).getByRole("link").getAttribute("href")).toBe("/runs/f");
  expect(screen.queryByText("Caller")).toBeNull();
});

test("callers are named where there are several", async () => {
  show(<RunsPage />, serverWith([run("a", 2, { caller: "ann" }), run("b", 1, { caller: "bob" })]));
  expect(await screen.findByText("Caller")).toBeTruthy();
  expect(screen.getByText("ann")).toBeTruthy();
});

test("states have their counts and lead to their runs", async () => {
  const client = serverWith([run("a", 1)]);
  show(<RunsPage />, client, "/runs?job=x");
  const tab = await screen.findByRole("link", { name: "Succeeded 12,345" });
  expect(screen.getByRole("link", { name: "All 12,351" }).getAttribute("aria-current")).toBe("true");
  await userEvent.click(tab);
  await waitFor(() => expect(lastList(client)).toEqual({ job: "x", state: "succeeded", limit: 51 }));
  expect(client.called("run.count").every((params) => params.job === "x" && !("state" in params))).toBe(true);
});

test("a text is looked for once it was typed, and the way back is there", async () => {
  const client = serverWith([run("a", 1)]);
  const { history, navigate } = show(<RunsPage />, client, "/runs");
  await userEvent.type(screen.getByRole("searchbox"), "abc");
  await waitFor(() => expect(lastList(client)).toEqual({ text: "abc", limit: 51 }));
  expect(history).toEqual(["/runs", "/runs?text=abc"]);
  navigate("/runs");
  await waitFor(() => expect((screen.getByRole("searchbox") as HTMLInputElement).value).toBe(""));
});

test("a job is chosen from those that are declared, or confirmed", async () => {
  const client = serverWith([run("a", 1)]);
  show(<RunsPage />, client, "/runs");
  const field = screen.getByRole("combobox", { name: "Job" });
  await waitFor(() => expect(document.querySelector('option[value="shop.orders"]')).toBeTruthy());
  fireEvent.change(field, { target: { value: "shop.orders" } });
  await waitFor(() => expect(lastList(client)).toEqual({ job: "shop.orders", limit: 51 }));
  await userEvent.clear(field);
  await userEvent.type(field, "gone{Enter}");
  await waitFor(() => expect(lastList(client)).toEqual({ job: "gone", limit: 51 }));
});

test("an own range of time is asked for in the time of the server", async () => {
  const client = serverWith([run("a", 1)]);
  show(<RunsPage />, client, "/runs");
  await userEvent.selectOptions(screen.getByRole("combobox", { name: "Created" }), "From … to …");
  fireEvent.change(screen.getByLabelText("From"), { target: { value: "2026-11-20T10:00" } });
  const since = new Date("2026-11-20T10:00").toISOString();
  await waitFor(() => expect(lastList(client)).toEqual({ since, limit: 51 }));
});

test("headings sort, and say how", async () => {
  const client = serverWith([run("a", 1)]);
  show(<RunsPage />, client, "/runs?page=3");
  const heading = async (name: string) => (await screen.findByRole("button", { name })).closest("th")!;
  expect((await heading("Created")).getAttribute("aria-sort")).toBe("descending");
  await userEvent.click(await screen.findByRole("button", { name: "Duration" }));
  await waitFor(() => expect(lastList(client)).toEqual({ sort: "-duration", limit: 51 }));
  await userEvent.click(screen.getByRole("button", { name: "Duration" }));
  await waitFor(() => expect(lastList(client)).toEqual({ sort: "duration", limit: 51 }));
  expect((await heading("Duration")).getAttribute("aria-sort")).toBe("ascending");
});

test("older runs are those that were there when the first page was left", async () => {
  const all = Array.from({ length: 51 }, (_, n) => run(`${n}`, 100 - n));
  const client = serverWith(all);
  show(<RunsPage />, client, "/runs");
  await waitFor(() => expect(rows()).toHaveLength(50));
  expect(screen.getByText("1–50 of 12,351")).toBeTruthy();
  await userEvent.click(screen.getByRole("link", { name: "Older" }));
  const until = new Date(Date.parse(moment(100)) + 1).toISOString();
  await waitFor(() => expect(lastList(client)).toEqual({ until, skip: 50, limit: 51 }));
  client.tell("runs", { value: [run("new", 200), run("0", 100)], error: null });
  expect(await screen.findByRole("link", { name: "1 new run" })).toBeTruthy();
  expect(jobs()).not.toContain("job_new");
  await userEvent.click(screen.getByRole("link", { name: "1 new run" }));
  await waitFor(() => expect(jobs()[0]).toBe("job_new"));
});

test("rows change while they are looked at, and new ones come in at the top", async () => {
  const going = run("a", 1, { state: "running", finished_at: null, seq: 3 });
  const client = serverWith([going]);
  show(<RunsPage />, client, "/runs");
  await waitFor(() => expect(rows()).toHaveLength(1));
  client.tell("runs", { value: [run("b", 2), run("a", 1, { seq: 4 })], error: null });
  await waitFor(() => expect(jobs()).toEqual(["job_b", "job_a"]));
  expect(within(rows()[1]!).getByText("Succeeded")).toBeTruthy();
  expect(rows()[0]!.hasAttribute("data-fresh")).toBe(true);
  expect(rows()[1]!.hasAttribute("data-fresh")).toBe(false);
});

test("a queued run is cancelled from its row", async () => {
  const client = serverWith([runRecord("queued", { job: "a" })], { "run.cancel": () => runRecord("cancelled") });
  show(<RunsPage />, client, "/runs");
  await userEvent.click(await screen.findByRole("button", { name: "Cancel the run of a" }));
  expect(client.called("run.cancel")).toHaveLength(1);
});

test("several runs are cancelled at once, and what was refused is said", async () => {
  const cancel = ({ id }: { id: string }) => {
    if (id === "b") throw new HotplateError(-32009, "Conflict");
    return runRecord("cancelled");
  };
  const queued = (id: string) => runRecord("queued", { id, job: `job_${id}` });
  const client = serverWith([queued("a"), queued("b"), run("c", 1)], { "run.cancel": cancel });
  show(<RunsPage />, client, "/runs");
  await userEvent.click(await screen.findByRole("checkbox", { name: "Select all runs of this page" }));
  expect(screen.getByText("3 runs selected")).toBeTruthy();
  await userEvent.click(screen.getByRole("button", { name: "Cancel 2" }));
  expect(await screen.findByText("One was refused: Conflict")).toBeTruthy();
  expect(client.called("run.cancel")).toEqual([{ id: "a" }, { id: "b" }]);
});

test("without runs there is a way to start one", async () => {
  show(<RunsPage />, serverWith([]), "/runs");
  expect(await screen.findByRole("heading", { name: "No runs yet" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "To the functions" }).getAttribute("href")).toBe("/functions");
});

test("where no run fits, the filters can be taken away", async () => {
  show(<RunsPage />, serverWith([]), "/runs?state=failed");
  expect(await screen.findByRole("heading", { name: "No run fits these filters" })).toBeTruthy();
  expect(screen.getByRole("link", { name: "Show all runs" }).getAttribute("href")).toBe("/runs");
});

test("who is not signed in is told so", async () => {
  const refuse = () => {
    throw new HotplateError(-32001, "Sign-in needed");
  };
  show(<RunsPage />, serverWith([], { "run.list": refuse }), "/runs");
  expect(await screen.findByText("Runs are shown to those who are signed in")).toBeTruthy();
});
