/** Values on the page. */
import { act, fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { Components, Schema } from "../../src/schema";
import { ResultView } from "../../src/views/ResultView";

async function show(value: unknown, schema: Schema = {}, components: Components = {}) {
  const shown = render(<ResultView value={value} schema={schema} components={components} name="answer" />);
  await vi.waitFor(() => expect(shown.container.querySelector(".result")).not.toBeNull(), 10_000);
  return shown;
}

test("a number is large, with all of its digits at hand", async () => {
  await show(3.141592653589793);
  expect(screen.getByTitle("3.141592653589793").textContent).toBe(
    new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 }).format(3.14159),
  );
});

test("a whole number beyond what the browser holds says so", async () => {
  await show(2 ** 60);
  expect(screen.getByLabelText(/Rounded/)).toBeTruthy();
});

test("null of a number is told as not finite, any other as nothing", async () => {
  const { unmount } = await show(null, { type: "number" });
  expect(screen.getByText(/Not a finite number/)).toBeTruthy();
  unmount();
  await show(null);
  expect(screen.getByText("No result: null")).toBeTruthy();
});

test("a long text is cut until all of it is wanted", async () => {
  const text = Array.from({ length: 300 }, (_, i) => `line ${i}`).join("\n");
  await show(text);
  expect(screen.queryByText(/line 299/)).toBeNull();
  await userEvent.click(screen.getByRole("button", { name: /Show all/ }));
  expect(screen.getByText(/line 299/)).toBeTruthy();
});

const firstCells = () =>
  screen
    .getAllByRole("row")
    .slice(1)
    .map((row) => within(row).getAllByRole("cell")[0]!.textContent);

test("a table is sorted by its columns: up, down, as it came", async () => {
  await show([
    { word: "b", count: 1 },
    { word: "c", count: 3 },
    { word: "a", count: 2 },
  ]);
  const word = () => screen.getByRole("columnheader", { name: "word" });
  await userEvent.click(within(word()).getByRole("button"));
  expect(firstCells()).toEqual(["a", "b", "c"]);
  expect(word().getAttribute("aria-sort")).toBe("ascending");
  await userEvent.click(within(word()).getByRole("button"));
  expect(firstCells()).toEqual(["c", "b", "a"]);
  await userEvent.click(within(word()).getByRole("button"));
  expect(firstCells()).toEqual(["b", "c", "a"]);
  expect(word().getAttribute("aria-sort")).toBeNull();
});

test("a long table comes in pieces", async () => {
  await show(Array.from({ length: 250 }, (_, i) => `row ${i}`));
  expect(firstCells()).toHaveLength(100);
  await userEvent.click(screen.getByRole("button", { name: /Show 150 more rows/ }));
  expect(firstCells()).toHaveLength(250);
});

test("an object is its facts, and views of what is large in it", async () => {
  await show({ price: 12.5, paid: true, note: null, rows: [{ a: "x" }] });
  expect(screen.getByText("price").nextSibling!.textContent).toBe(new Intl.NumberFormat().format(12.5));
  expect(screen.getByText("paid").nextSibling!.textContent).toBe("Yes");
  expect(within(screen.getByRole("region", { name: "rows" })).getByRole("table")).toBeTruthy();
});

test("a picture stays within an image element, whatever is in it", async () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>window.hurt = 1</script></svg>';
  const { container } = await show(svg, { "x-hotplate-view": { type: "image" } });
  expect(screen.getByRole("img").getAttribute("src")).toMatch(/^data:image\/svg\+xml/);
  expect(container.querySelector("script, .result svg script")).toBeNull();
});

test("a picture that cannot be shown says so", async () => {
  await show("<svg", { "x-hotplate-view": { type: "image" } });
  fireEvent.error(screen.getByRole("img"));
  expect(screen.getByText(/cannot be shown/)).toBeTruthy();
});

test("a file leads to its server only", async () => {
  const file = { id: "1", name: "<b>.csv", media_type: "text/csv", size: 1500, url: "/files/1" };
  const { unmount } = await show(file);
  expect(screen.getByRole("link", { name: /Download <b>.csv/ }).getAttribute("href")).toMatch(/\/files\/1$/);
  unmount();
  await show({ ...file, url: "//evil.example/1" });
  expect(screen.queryByRole("link")).toBeNull();
});

test("anything can be seen as JSON, whose tree is walked by keys", async () => {
  await show([{ a: 1 }, { a: { b: ["x"] } }]);
  await userEvent.click(screen.getByRole("button", { name: "JSON" }));
  const tree = screen.getByRole("tree");
  const focused = () => document.activeElement!.textContent;
  act(() => within(tree).getAllByRole("treeitem")[0]!.focus());
  await userEvent.keyboard("{ArrowDown}{ArrowDown}");
  expect(focused()).toContain("a: 1");
  await userEvent.keyboard("{ArrowLeft}");
  expect(focused()).toContain("0: ");
  await userEvent.keyboard("{ArrowLeft}");
  expect(document.activeElement!.getAttribute("aria-expanded")).toBe("false");
  await userEvent.keyboard("{End}{Home}");
  expect(document.activeElement!.getAttribute("aria-level")).toBe("1");
  expect(screen.getByRole("button", { name: "Copy path" })).toBeTruthy();
});

test("what cannot be drawn is a table", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  await show([
    { n: 1, y: 2 },
    { n: 2, y: 3 },
    { n: 3, y: 1 },
    { n: 4, y: 1 },
  ]);
  expect(await screen.findByRole("table")).toBeTruthy(); // this document has no canvas
  vi.restoreAllMocks();
});

test("a live value is shown anew at most ten times a second, and its last one always", async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true });
  try {
    const view = (value: number) => <ResultView value={value} isLive />;
    const shown = render(view(0));
    await vi.waitFor(() => expect(shown.container.querySelector(".view-figure")).not.toBeNull(), 10_000);
    await act(() => vi.advanceTimersByTimeAsync(200));
    let changes = 0;
    const observer = new MutationObserver(() => changes++);
    observer.observe(shown.container, { subtree: true, childList: true, characterData: true });
    for (let value = 1; value <= 50; value++) {
      shown.rerender(view(value));
      await act(() => vi.advanceTimersByTimeAsync(10));
    }
    await act(() => vi.advanceTimersByTimeAsync(200));
    expect(shown.container.querySelector(".view-figure")!.textContent).toBe("50");
    expect(changes).toBeLessThanOrEqual(8);
  } finally {
    vi.useRealTimers();
  }
});
