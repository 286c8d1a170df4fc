// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { StrictMode, type ReactNode } from "react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect, type Client } from "../src/index.js";
import { HotplateProvider, useLive, useMethod, useRun, useTopic } from "../src/react.js";
import { ended, FakeWebSocket, going, ID, line, TOPIC } from "./fakes.js";

let client: Client;
let asked: any[];
let answer: (body: any) => unknown;

beforeEach(() => {
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.all = [];
  asked = [];
  client = connect("http://server.example", {
    fetch: async (_, init) => {
      const body = JSON.parse(String(init!.body));
      asked.push(body);
      return Response.json({ id: body.id, ...(answer(body) as object) });
    },
  });
});
afterEach(() => {
  cleanup();
  client.close();
  vi.unstubAllGlobals();
});

const shown = (node: ReactNode) => {
  const wrap = (inner: ReactNode) => (
    <StrictMode>
      <HotplateProvider client={client}>{inner}</HotplateProvider>
    </StrictMode>
  );
  const { rerender, unmount } = render(wrap(node));
  return { show: (other: ReactNode) => rerender(wrap(other)), unmount };
};
const text = () => document.body.textContent;
const told = async (...updates: Parameters<FakeWebSocket["tell"]>) =>
  act(async () => FakeWebSocket.last.tell(...updates));
const connected = async () => {
  await vi.waitFor(() => expect(FakeWebSocket.all).toHaveLength(1));
  FakeWebSocket.last.open();
};

function Sum({ a }: { a: number }) {
  const { status, data, error, reload } = useMethod("add", { a });
  return <button onClick={reload}>{`${status} ${data} ${error?.message};`}</button>;
}

function Follow({ run }: { run: string | null }) {
  const { status, progress, log, partials, run: record, error } = useRun(run);
  return <p>{`${status} ${record?.state} ${progress?.done} ${log.length} ${partials.length} ${error?.message}`}</p>;
}

test("useMethod goes from loading to loaded, asks once for all, and anew for other params", async () => {
  answer = ({ params }) => ({ result: params.a + 1 });
  const { show } = shown([<Sum key="1" a={1} />, <Sum key="2" a={1} />]);
  expect(text()).toBe("loading undefined undefined;".repeat(2));
  await vi.waitFor(() => expect(text()).toBe("loaded 2 undefined;".repeat(2)));
  expect(asked).toHaveLength(1);
  show(<Sum key="1" a={7} />);
  await vi.waitFor(() => expect(text()).toBe("loaded 8 undefined;"));
  expect(asked).toHaveLength(2);
});

test("useMethod tells an error, and asks again", async () => {
  answer = () => ({ error: { code: 1, message: "no" } });
  shown(<Sum a={1} />);
  await vi.waitFor(() => expect(text()).toBe("error undefined no;"));
  answer = () => ({ result: 2 });
  act(() => screen.getByRole("button").click());
  await vi.waitFor(() => expect(text()).toBe("loaded 2 undefined;"));
});

test("useRun follows a run, over one connection", async () => {
  const { show } = shown(<Follow run={null} />);
  expect(text()).toBe("idle undefined undefined 0 0 undefined");
  show(<Follow run={ID} />);
  expect(text()).toBe("loading undefined undefined 0 0 undefined");
  await connected();
  await told(going(0), line(1), { topic: TOPIC, seq: 1, type: "progress", data: { done: 3 } });
  expect(text()).toBe("loaded running 3 1 0 undefined");
  await told(line(2), ended(3));
  expect(text()).toContain("loaded succeeded");
  expect(FakeWebSocket.all).toHaveLength(1);
});

test("useRun tells that there is no such run", async () => {
  shown(<Follow run={ID} />);
  await connected();
  const { id } = FakeWebSocket.last.sent[0]!;
  await act(async () => FakeWebSocket.last.say({ id, error: { code: -32004, message: "Not found" } }));
  expect(text()).toBe("error undefined undefined 0 0 Not found");
});

test("useTopic and useLive show what stands", async () => {
  const Both = () => {
    const workers = useTopic<{ id: string }[]>("workers");
    const live = useLive<number>("load");
    return <p>{`${workers.status} ${workers.value?.map(({ id }) => id)} ${live.status} ${live.value}`}</p>;
  };
  const { unmount } = shown(<Both />);
  expect(text()).toBe("loading undefined loading null");
  await connected();
  await told({ topic: "workers", seq: 0, type: "workers", data: [{ id: "a" }, { id: "b" }] });
  await told({ topic: "workers", seq: 1, type: "gone", data: { id: "a" } });
  await told({ topic: "workers", seq: 1, type: "worker", data: { id: "c" } });
  const live = { name: "load", value: 0, at: "2026-11-21T03:20:45Z", error: null, version: 1 };
  await told({ topic: "live/load", seq: 1, type: "value", data: live });
  expect(text()).toBe("loaded c,b loaded 0");
  const error = { code: 4001, message: "No" };
  await told({ topic: "live/load", seq: 2, type: "value", data: { ...live, error, version: 2 } });
  expect(text()).toBe("loaded c,b error 0");
  unmount();
  await vi.waitFor(() => expect(FakeWebSocket.last.isClosed).toBe(true), { timeout: 3000 });
});
