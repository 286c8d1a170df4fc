/** How charts are drawn. */
import { beforeAll, expect, test, vi } from "vitest";
import type { Chart } from "../../src/views/series";

beforeAll(() => vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => {} })));

const chartOf = (values: number[]): Chart => ({
  kind: "line",
  title: "",
  x: { label: "n", type: "number", isLog: false, values, texts: [] },
  y: { label: "", type: "number", isLog: false },
  series: [{ label: "error", values }],
  isSeries: true,
});

test("between whole numbers nothing stands at the axis", async () => {
  const { drawingOf, optionsOf } = await import("../../src/views/plotting");
  const axisOf = (chart: Chart) =>
    optionsOf(
      () => chart,
      { x: false, y: false },
      () => ({ series: [], text: "", grid: "" }),
      { width: 400, height: 200 },
      () => {},
    ).axes![0]!;
  const [counted, measured] = [chartOf([0, 1, 2, 3]), chartOf([0, 0.5, 1])];
  expect((axisOf(counted).incrs as number[]).slice(0, 5)).toEqual([1, 2, 5, 10, 20]);
  expect(axisOf(measured).incrs).toBeUndefined();
  expect(drawingOf(counted)).not.toBe(drawingOf(measured));
});
