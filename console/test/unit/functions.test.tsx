import { InternalError, InvalidParams, TransportError } from "@hotplate/client";
import { screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { Route } from "wouter";
import FunctionPage from "../../src/features/functions/FunctionPage";
import { FunctionsPage } from "../../src/features/functions/FunctionsPage";
import { refusalFrom } from "../../src/features/functions/misfit";
import { runRecord } from "../../src/testing/runs";
import { FakeClient, show } from "../client";

const integer = (more = {}) => ({ type: "integer", ...more });
const METHODS = [
  {
    name: "shop.add",
    summary: "Add `a` to b.",
    description: "With *emphasis*.",
    params: [
      { name: "a", required: true, schema: integer() },
      { name: "b", required: false, schema: integer({ default: 1 }) },
    ],
    result: { schema: integer() },
    "x-hotplate-kind": "method",
    "x-hotplate-allow": "public",
  },
  {
    name: "simulate",
    summary: "Takes a while.",
    params: [{ name: "n", required: true, schema: integer() }],
    result: { schema: {} },
    "x-hotplate-kind": "job",
  },
  { name: "run.get", params: [], result: { schema: {} }, "x-hotplate-kind": "builtin" },
];

function clientOf(answers: FakeClient["answers"] = {}, methods: unknown[] = METHODS): FakeClient {
  const document = { info: { title: "Shop" }, methods, "x-hotplate-lives": [], components: { schemas: {} } };
  return new FakeClient({ "rpc.discover": () => document, ...answers });
}

const user = userEvent.setup({ delay: null });

const showFunction = (client: FakeClient, path: string) =>
  show(
    <Route path="/functions/:name">
      {({ name }) => <FunctionPage name={name} run={(id) => <p>The run {id}</p>} />}
    </Route>,
    client,
    path,
  );

beforeEach(() => sessionStorage.clear());

describe("the list", () => {
  test("has all functions by namespace, with their kinds, and none of the server's own", async () => {
    show(<FunctionsPage />, clientOf(), "/functions");
    const add = await screen.findByRole("link", { name: /shop\. ?add/ });
    expect(add.getAttribute("href")).toBe("/functions/shop.add");
    expect(within(add).getByText("method")).toBeTruthy();
    expect(within(add).getByText("public")).toBeTruthy();
    expect(within(screen.getByRole("region", { name: "shop" })).getAllByRole("link")).toEqual([add]);
    expect(screen.getByText("2 functions")).toBeTruthy();
    expect(screen.queryByText("run.get")).toBeNull();
  });

  test("is searched by names and summaries, and the address keeps that", async () => {
    const { history } = show(<FunctionsPage />, clientOf(), "/functions");
    await screen.findByText("2 functions");
    await user.keyboard("/");
    expect(document.activeElement).toBe(screen.getByRole("searchbox"));
    await user.keyboard("while takes");
    expect(screen.getAllByRole("link").map((link) => link.getAttribute("href"))).toEqual(["/functions/simulate"]);
    expect(screen.getByText("1 of 2")).toBeTruthy();
    expect(history.at(-1)).toContain("q=while+takes");
    await user.keyboard(" nothing");
    expect(screen.getByText("Nothing fits “while takes nothing”")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Show all" }));
    expect(screen.getByText("2 functions")).toBeTruthy();
  });

  test("opens the first that was found with Enter", async () => {
    const { history } = show(<FunctionsPage />, clientOf(), "/functions");
    await user.type(await screen.findByRole("searchbox"), "{Enter}");
    expect(history.at(-1)).toBe("/functions");
    await user.keyboard("while{Enter}");
    expect(history.at(-1)).toBe("/functions/simulate");
  });

  test("says how to declare a function where there is none", async () => {
    show(<FunctionsPage />, clientOf({}, []), "/functions");
    expect(await screen.findByText("No functions yet")).toBeTruthy();
    expect(screen.getByText(/@hp\.method/)).toBeTruthy();
  });

  test("says what is wrong where it cannot be had, and tries again", async () => {
    let isAway = true;
    const client = clientOf({
      "rpc.discover": () => {
        if (isAway) throw new InternalError(-32603, "It is broken");
        return { info: { title: "" }, methods: METHODS, "x-hotplate-lives": [], components: { schemas: {} } };
      },
    });
    show(<FunctionsPage />, client, "/functions");
    await screen.findByText("It is broken");
    isAway = false;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("2 functions")).toBeTruthy();
  });
});

describe("a method", () => {
  test("is called with what is in its form, and its answer is shown", async () => {
    const client = clientOf({ "shop.add": ({ a, b = 1 }) => a + b });
    showFunction(client, "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "41{Enter}");
    const answer = await screen.findByRole("region", { name: "Answer" });
    expect(await within(answer).findByText("42")).toBeTruthy();
    expect(within(answer).getByText(/^in (< )?\d/)).toBeTruthy();
    expect(client.called("shop.add")).toEqual([{ a: 41 }]);
  });

  test("keeps its answer while the next is on its way", async () => {
    let answer = (_: number) => {};
    const client = clientOf({ "shop.add": ({ a }) => (a === 1 ? 11 : new Promise((done) => (answer = done))) });
    showFunction(client, "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "1{Enter}");
    await screen.findByText("11");
    await user.type(screen.getByLabelText(/^a/), "2{Enter}");
    expect(await screen.findByRole("button", { name: "Waiting for the answer…" })).toBeTruthy();
    expect(screen.getByText("11")).toBeTruthy();
    answer(22);
    expect(await screen.findByText("22")).toBeTruthy();
    expect(screen.queryByText("11")).toBeNull();
  });

  test("says why it has failed", async () => {
    const client = clientOf({
      "shop.add": () => {
        throw new InternalError(-32603, "Internal error", { error_id: "7d1f" });
      },
    });
    showFunction(client, "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "1{Enter}");
    expect(await screen.findByText("The call failed")).toBeTruthy();
    expect(screen.getByText(/Error id 7d1f/)).toBeTruthy();
    expect(screen.queryByText("The answer comes here.")).toBeNull();
  });

  test("says in plain words that the server is away", async () => {
    const client = clientOf({
      "shop.add": () => {
        throw new TransportError("cannot reach http://127.0.0.1:5000/rpc: Failed to fetch");
      },
    });
    showFunction(client, "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "1{Enter}");
    expect(await screen.findByText("The server cannot be reached. Try again when it is back.")).toBeTruthy();
  });

  test("says at the field what the server does not take", async () => {
    const client = clientOf({
      "shop.add": () => {
        throw new InvalidParams(-32602, "Invalid params", "parameter 'a': expected an odd number");
      },
    });
    showFunction(client, "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "2{Enter}");
    await waitFor(() => expect(screen.getByLabelText(/^a/).getAttribute("aria-invalid")).toBe("true"));
    expect(screen.getAllByText("Expected an odd number")).not.toHaveLength(0);
    expect(screen.queryByText("The call failed")).toBeNull();
  });

  test("is filled in by the address, and not called by it", async () => {
    const client = clientOf({ "shop.add": () => 0 });
    showFunction(client, `/functions/shop.add?params=${encodeURIComponent('{"a": 7}')}`);
    expect((await screen.findByLabelText<HTMLInputElement>(/^a/)).value).toBe("7");
    expect(client.called("shop.add")).toEqual([]);
  });

  test("says so where the address has what is no JSON", async () => {
    showFunction(clientOf(), "/functions/shop.add?params=%7B");
    expect(await screen.findByText(/no JSON object/)).toBeTruthy();
  });

  test("that there is not leads back", async () => {
    showFunction(clientOf(), "/functions/none");
    expect(await screen.findByText("There is no such function")).toBeTruthy();
  });
});

describe("a job", () => {
  const started = { "run.start": () => ({ ...runRecord("queued"), id: "r-1" }) };

  test("is started, and the address leads to its run", async () => {
    const client = clientOf(started);
    const { history } = showFunction(client, "/functions/simulate");
    await user.type(await screen.findByLabelText(/^n/), "5{Enter}");
    expect(await screen.findByText("The run r-1")).toBeTruthy();
    expect(history.at(-1)).toBe("/functions/simulate?run=r-1");
    expect(client.called("run.start")).toEqual([{ job: "simulate", params: { n: 5 } }]);
    expect(screen.getByRole("link", { name: "Open the run" }).getAttribute("href")).toBe("/runs/r-1");
    expect(screen.getByRole("link", { name: "All runs of this job" }).getAttribute("href")).toBe("/runs?job=simulate");
    expect(screen.getByLabelText<HTMLInputElement>(/^n/).value).toBe("5");
  });

  test("shows the run that the address names", async () => {
    showFunction(clientOf(), "/functions/simulate?run=r-2");
    expect(await screen.findByText("The run r-2")).toBeTruthy();
  });

  test.each([{ params: { n: 9 } }, { params: [9] }])("takes the inputs of another run: %j", async ({ params }) => {
    const client = clientOf({ ...started, "run.get": () => ({ ...runRecord("failed"), params }) });
    showFunction(client, "/functions/simulate?from=r-0");
    expect((await screen.findByLabelText<HTMLInputElement>(/^n/)).value).toBe("9");
    expect(screen.getByRole("link", { name: "r-0" }).getAttribute("href")).toBe("/runs/r-0");
    await user.click(screen.getByRole("button", { name: "Start" }));
    expect(await screen.findByText("The run r-1")).toBeTruthy();
    expect(screen.getByLabelText<HTMLInputElement>(/^n/).value).toBe("9");
  });
});

describe("what a server says about params", () => {
  const told: [string, (string | number)[], string][] = [
    ["parameter 'n': expected `int`, got `str`", ["n"], "Expected `int`, got `str`"],
    ["parameter 'n': expected `int`, got `str` at `n[2].a.b`", ["n", 2, "a", "b"], "Expected `int`, got `str`"],
    ["parameter 'n': expected `int` at `n[...][0]`", ["n"], "Expected `int`"],
    ["parameter 'n' is missing; it is given by name only", ["n"], "Is missing; it is given by name only"],
    [
      "parameter 'n': invalid enum value 'x' at `n.c`; expected one of \"a\", \"b\"",
      ["n", "c"],
      'Invalid enum value \'x\'; expected one of "a", "b"',
    ],
    ["unknown parameter 'm'; takes n", [], "Unknown parameter 'm'; takes n"],
  ];
  test.each(told)("%s", (text, path, said) => expect(refusalFrom(text)).toEqual({ path, text: said }));
});

describe("the call elsewhere", () => {
  test("is written as it stands in the form, for what is chosen", async () => {
    showFunction(clientOf(), "/functions/shop.add");
    await user.type(await screen.findByLabelText(/^a/), "41");
    await user.click(screen.getByText("Use it elsewhere"));
    await user.click(await screen.findByRole("tab", { name: "CLI" }));
    expect(screen.getByRole("tabpanel").textContent).toContain("hotplate call http://server.test shop.add a=41");
    await user.keyboard("{ArrowRight}");
    expect(screen.getByRole("tab", { name: "curl" }).getAttribute("aria-selected")).toBe("true");
    expect(screen.getByRole("tabpanel").textContent).toContain('"params":{"a":41}');
  });
});
