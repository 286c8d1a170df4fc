import { screen, waitFor, within } from "@testing-library/react";
import { HotplateError } from "@hotplate/client";
import { expect, test } from "vitest";
import { Shell } from "../../src/app/Shell";
import { registryFrom, type WireDocument } from "../../src/registry/domain";
import { FakeClient, show } from "../client";

const builtin = (name: string) => ({ name, params: [], result: { schema: {} }, "x-hotplate-kind": "builtin" as const });
const job = { name: "bake", params: [], result: { schema: {} }, "x-hotplate-kind": "job" as const };
const document = (...methods: WireDocument["methods"]): WireDocument => ({
  info: { title: "shop" },
  methods,
  "x-hotplate-lives": [],
  components: { schemas: {} },
});
const ALL = ["run.list", "schedule.list", "worker.list"].map(builtin);

test("whoever has signed in sees all parts, also of a server that has nothing yet", () => {
  expect(registryFrom(document(...ALL)).parts).toEqual(["functions", "runs", "live", "schedules", "workers"]);
});

test("a job of which only a run is shown cannot be called, and leads to no other part", () => {
  const registry = registryFrom(document({ ...job, "x-hotplate-shown": true }));
  expect([registry.functions, registry.shown.map(({ name }) => name), registry.parts]).toEqual([[], ["bake"], []]);
});

test("the public functions of a server lead to their parts alone", () => {
  expect(registryFrom(document(job, builtin("run.list"))).parts).toEqual(["functions", "runs"]);
});

test("the frame leads to what is there for whoever looks", async () => {
  show(<Shell title="shop">page</Shell>, new FakeClient({ "rpc.discover": () => document(job, builtin("run.list")) }));
  const parts = screen.getByRole("navigation");
  await waitFor(() =>
    expect(
      within(parts)
        .getAllByRole("link")
        .map((link) => link.textContent),
    ).toEqual(["Functions", "Runs"]),
  );
});

test("the frame leads nowhere where nobody is signed in and nothing is public", async () => {
  const refuse = () => {
    throw new HotplateError(-32001, "Sign-in needed");
  };
  show(<Shell title="shop">page</Shell>, new FakeClient({ "rpc.discover": refuse }));
  await waitFor(() => expect(screen.queryByRole("navigation")).toBeNull());
});
