import { act, render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { Boundary } from "../../src/ui/Boundary";
import { later } from "../../src/ui/later";

const module = { default: ({ text }: { text: string }) => <p>came: {text}</p> };

test("what comes later stands where something waited for it", async () => {
  let come = (_: typeof module) => {};
  const Part = later(
    () => new Promise<typeof module>((resolve) => (come = resolve)),
    ({ text }) => <p>waits: {text}</p>,
  );
  render(<Part text="a" />);
  expect(screen.getByText("waits: a")).toBeTruthy();
  await act(async () => come(module));
  expect(screen.getByText("came: a")).toBeTruthy();
});

test("what has been begun is there at once", async () => {
  const Part = later(async () => module);
  Part.begin();
  await act(async () => {});
  render(<Part text="b" />);
  expect(screen.getByText("came: b")).toBeTruthy();
});

test("what cannot be had fails in its boundary, and is tried again", async () => {
  let times = 0;
  const Part = later(async () => {
    if (++times <= 2) throw new Error("not there");
    return module;
  });
  const { container } = render(
    <Boundary>
      <Part text="c" />
    </Boundary>,
  );
  await screen.findByText("not there", undefined, { timeout: 4000 });
  await act(async () => container.querySelector("button")!.click());
  expect(await screen.findByText("came: c")).toBeTruthy();
});
