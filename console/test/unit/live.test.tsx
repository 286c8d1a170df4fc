/** Live values on their pages, and the history of them. */
import type { LiveValue } from "@hotplate/client";
import { act, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fieldsOf, History, MOST_POINTS } from "../../src/features/live/history";
import LivePage from "../../src/features/live/LivePage";
import { lineOf } from "../../src/features/live/Spark";
import { FakeClient, show } from "../client";

const LOAD = {
  name: "load",
  summary: "How busy it is.",
  schema: { $ref: "#/components/schemas/Load" },
  every: 1,
};
const LEVEL = { name: "level", schema: { type: "integer" } };
const DOCUMENT = {
  info: { title: "app" },
  methods: [],
  "x-hotplate-lives": [LOAD, LEVEL],
  components: {
    schemas: {
      Load: {
        title: "Load",
        type: "object",
        properties: { minute: { type: "number", description: "Of the last minute." }, cores: { type: "integer" } },
      },
    },
  },
};

beforeEach(() => void vi.useFakeTimers({ shouldAdvanceTime: true, now: Date.parse(at(0)) }));
afterEach(() => void vi.useRealTimers());

const at = (second: number) => `2026-11-21T03:20:${String(second).padStart(2, "0")}Z`;

async function page(name?: string) {
  const client = new FakeClient({ "rpc.discover": () => DOCUMENT });
  const shown = show(<LivePage name={name} />, client);
  await screen.findByRole("heading", { name: name ?? "load" });
  return { client, ...shown };
}

async function tell(client: FakeClient, name: string, more: Partial<LiveValue>) {
  client.tell(`live/${name}`, {
    value: { name, value: null, at: null, error: null, version: 1, ...more },
    error: null,
  });
  await act(() => vi.advanceTimersByTimeAsync(150));
}

const card = (name: string) => within(screen.getByRole("article", { name }));

test("each value has a card with what it is now", async () => {
  const { client } = await page();
  expect(card("load").getByText("How busy it is.")).toBeTruthy();
  expect(card("load").getByText("Waiting for its first value")).toBeTruthy();
  expect(card("level").getByText(/Nothing was pushed yet/)).toBeTruthy();
  await tell(client, "load", { value: { minute: 0.5, cores: 2 }, at: at(1) });
  await tell(client, "level", { value: 42, at: at(1) });
  expect((await card("load").findByText("minute")).nextSibling!.textContent).toBe(new Intl.NumberFormat().format(0.5));
  expect(card("level").getByText("42")).toBeTruthy();
  expect(card("level").getByRole("link").getAttribute("href")).toBe("/live/level");
});

test("numbers draw a line as they change", async () => {
  const { client } = await page();
  await tell(client, "level", { value: 1, at: at(1) });
  expect(card("level").queryByRole("img")).toBeNull();
  await tell(client, "level", { value: 5, at: at(2) });
  await tell(client, "level", { value: 3, at: at(3) });
  expect(card("level").getByRole("img").getAttribute("aria-label")).toBe("level: from 1 to 5, now 3");
});

test("what fails says so beside its last value", async () => {
  const { client } = await page();
  await tell(client, "level", { value: 7, at: at(1) });
  const error = { code: -32603, message: "Internal error", data: { error_id: "e1" } };
  await tell(client, "level", { value: 7, at: at(1), error });
  expect(card("level").getByText("7")).toBeTruthy();
  expect(card("level").getByText(/this is the last value/)).toBeTruthy();
  expect(card("level").getByText(/Error id e1/)).toBeTruthy();
  await tell(client, "level", { value: 8, at: at(2) });
  expect(card("level").queryByText(/this is the last value/)).toBeNull();
});

test("what fails before its first value has no last one", async () => {
  const { client } = await page();
  const error = { code: 1, message: "The sensor is offline", data: null };
  await tell(client, "level", { value: null, at: at(1), error });
  expect(card("level").getByText("It cannot be told just now.")).toBeTruthy();
  expect(card("level").getByText("The sensor is offline")).toBeTruthy();
  expect(card("level").queryByText(/last value|finite/)).toBeNull();
});

test("a value's own page says what it is made of", async () => {
  const { client } = await page("load");
  await tell(client, "load", { value: { minute: 0.5, cores: 2 }, at: at(1) });
  expect(screen.getByText(/Looked at each second/)).toBeTruthy();
  expect(screen.getByText(/begins with the second change/)).toBeTruthy();
  const members = within(screen.getByRole("table"));
  expect(members.getByText("Of the last minute.")).toBeTruthy();
  expect(members.getByText("whole number")).toBeTruthy();
});

test("a name that is none leads back", async () => {
  const client = new FakeClient({ "rpc.discover": () => DOCUMENT });
  show(<LivePage name="gone" />, client);
  expect(await screen.findByText("There is no such live value")).toBeTruthy();
});

test("the history goes on when the page is opened again, with a gap where nobody looked", async () => {
  const { client, unmount } = await page();
  await tell(client, "level", { value: 1, at: at(1) });
  await tell(client, "level", { value: 2, at: at(2) });
  unmount();
  show(<LivePage />, client);
  await screen.findByRole("heading", { name: "level" });
  await tell(client, "level", { value: 9, at: at(30) });
  const drawing = card("level").getByRole("img");
  expect(drawing.getAttribute("aria-label")).toBe("level: from 1 to 9, now 9");
  expect(drawing.querySelector("path")!.getAttribute("d")!.match(/M/g)).toHaveLength(2);
});

test("a line begins when somebody looks, not with what was left over from before", async () => {
  const { client } = await page();
  vi.setSystemTime(Date.parse(at(40)));
  await tell(client, "load", { value: { minute: 9, cores: 2 }, at: at(1) });
  await tell(client, "load", { value: { minute: 1, cores: 2 }, at: at(41) });
  expect(card("load").queryByRole("img")).toBeNull();
  await tell(client, "load", { value: { minute: 2, cores: 2 }, at: at(42) });
  expect(card("load").getByRole("img").getAttribute("aria-label")).toContain("from 1 to 2, now 2");
});

test("a history is bounded, takes each moment once, and numbers only", () => {
  const history = new History();
  for (let second = 0; second < MOST_POINTS + 50; second++) {
    history.add(second, { a: second, text: "x", b: 1, c: 2, d: 3, e: 4 });
    history.add(second, { a: -1 });
  }
  history.add(10_000, "text");
  expect(history.points).toHaveLength(MOST_POINTS);
  expect(history.points.at(-1)!.numbers).toEqual({ a: MOST_POINTS + 49, b: 1, c: 2, d: 3 });
  expect(fieldsOf(history.points)).toEqual(["a", "b", "c", "d"]);
});

test("a value that does not change is a line in the middle", () => {
  const history = new History();
  history.add(1000, 5);
  history.add(2000, 5);
  expect(lineOf(history.points, "").path).toBe("M0 20L240 20");
});
