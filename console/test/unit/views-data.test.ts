/** Which view a value gets, and what tables and plots are made of. */
import { expect, test } from "vitest";
import type { Schema } from "../../src/schema";
import { addressOf } from "../../src/views/address";
import { sorted, tableOf, type Table } from "../../src/views/columns";
import { csv } from "../../src/views/csv";
import { choose, type Choice } from "../../src/views/kind";
import { formatted, formattedDecimal, isRounded } from "../../src/views/number";
import { chartOf } from "../../src/views/series";
import { firstOpened, lines, SLICE } from "../../src/views/tree";

const FILE = { id: "f1", name: "a.csv", media_type: "text/csv", size: 10, url: "/files/f1" };
const POINTS = [
  { n: 10, error: 0.5 },
  { n: 100, error: 0.1 },
  { n: 1000, error: null },
];
const hint = (type: string, options: object = {}): Schema => ({
  "x-hotplate-view": { type: type as "chart", ...options },
});

const kindOf = (value: unknown, schema: Schema = {}) => choose(value, schema, {}).kind;
const tableIn = (value: unknown, schema: Schema = {}) =>
  choose(value, schema, {}) as Extract<Choice, { kind: "table" }>;

test.each<[string, unknown, Schema, Choice["kind"]]>([
  ["null", null, {}, "null"],
  ["a number", 4.5, {}, "number"],
  ["a truth", false, {}, "boolean"],
  ["a text", "hello", {}, "text"],
  ["a decimal", "1.50", { type: "string", format: "decimal" }, "decimal"],
  ["a moment", "2026-11-21T03:20:00Z", { type: "string", format: "date-time" }, "time"],
  ["what is no moment", "soon", { type: "string", format: "date-time" }, "text"],
  ["bytes", "aGVsbG8=", { type: "string", contentEncoding: "base64" }, "bytes"],
  ["an empty list", [], {}, "empty"],
  ["an empty object", {}, {}, "empty"],
  ["texts", ["a", "b"], {}, "table"],
  ["objects", POINTS, {}, "table"],
  [
    "pairs",
    [
      [1, 2],
      [3, 4],
    ],
    {},
    "table",
  ],
  ["lists that are equally long", { x: [1, 2], y: [3, 4] }, {}, "table"],
  ["lists of unequal length", { x: [1, 2], y: [3] }, {}, "members"],
  ["facts", { a: 1, b: "x" }, {}, "members"],
  ["a mixture", [1, { a: 2 }], {}, "json"],
  ["large cells", [{ a: "x".repeat(10), b: Array(200).fill(1) }], {}, "json"],
  ["a file", FILE, {}, "file"],
  ["a picture", { ...FILE, media_type: "image/png" }, {}, "image"],
  ["files", [FILE, FILE], {}, "list"],
  ["many members", Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i])), {}, "table"],
])("%s is shown as it suits best", (_, value, schema, kind) => {
  expect(kindOf(value, schema)).toBe(kind);
});

test("types choose the view", () => {
  expect(kindOf("# Title", hint("markdown"))).toBe("markdown");
  expect(kindOf("<svg></svg>", hint("image"))).toBe("image");
  expect(kindOf("iVBORw0=", { ...hint("image", { media_type: "image/png" }), contentEncoding: "base64" })).toBe(
    "image",
  );
  expect(kindOf({ the: 3, of: 2 }, hint("chart", { kind: "bar" }))).toBe("table");
  expect(kindOf({ the: 3, of: "x" }, hint("table"))).toBe("table");
});

test("a hint that the value does not fit is passed over", () => {
  expect(kindOf(5, hint("markdown"))).toBe("number");
  expect(kindOf("not a picture", hint("image"))).toBe("text");
  expect(kindOf("aGk=", { ...hint("image", { media_type: "text/html" }), contentEncoding: "base64" })).toBe("bytes");
  expect(kindOf({ a: "x" }, hint("chart"))).toBe("members");
  expect(tableIn(POINTS, hint("chart", { x: "gone", y: ["error"] })).chart!.x.label).toBe("n");
});

test("a hint beside a union holds for the branch that fits", () => {
  const schema: Schema = { anyOf: [{ type: "array" }, { type: "null" }], ...hint("chart", { x: "n", y: "error" }) };
  expect(tableIn(POINTS, schema).first).toBe("plot");
  expect(kindOf(null, schema)).toBe("null");
});

test("a reference is followed, and what stands beside it holds", () => {
  const components = { Text: { type: "string" } };
  expect(choose("*a*", { $ref: "#/components/schemas/Text", ...hint("markdown") }, components).kind).toBe("markdown");
});

test("a chart has the columns that its hint names", () => {
  const { chart, first } = tableIn(POINTS, hint("chart", { x: "n", y: ["error"], kind: "scatter", y_log: true }));
  expect(first).toBe("plot");
  expect(chart).toMatchObject({
    kind: "scatter",
    x: { label: "n", values: [10, 100, 1000] },
    y: { isLog: true },
    series: [{ label: "error", values: [0.5, 0.1, null] }],
  });
});

test("without an x, a hinted chart counts the rows; without a y, it has all numbers", () => {
  const { chart } = tableIn(POINTS, hint("chart"));
  expect(chart!.x.values).toEqual([0, 1, 2]);
  expect(chart!.series.map(({ label }) => label)).toEqual(["n", "error"]);
});

test("rows are drawn in the order of x, without those that have none", () => {
  const { chart } = tableIn(
    [
      [3, 30],
      [1, 10],
      [null, 5],
      [2, 20],
    ],
    hint("chart"),
  );
  expect(chart!.x.values).toEqual([1, 2, 3]);
  expect(chart!.series[0]!.values).toEqual([10, 20, 30]);
});

test("moments are a time axis, names are bars", () => {
  const schema: Schema = {
    items: { type: "object", properties: { at: { type: "string", format: "date-time" }, v: { type: "number" } } },
  };
  const days = [1, 2, 3].map((day) => ({ at: `2026-11-0${day}T00:00:00Z`, v: day }));
  expect(tableIn(days, schema).chart!.x).toMatchObject({ type: "time", values: [1793491200, 1793577600, 1793664000] });
  const words = tableIn({ the: 3, of: 2 }, hint("chart")).chart!;
  expect(words).toMatchObject({ kind: "bar", x: { type: "text", texts: ["the", "of"] } });
});

test("numbers that rise by themselves are looked at first, others are read first", () => {
  expect(tableIn(POINTS.concat({ n: 2000, error: 0.2 })).first).toBe("plot");
  expect(
    tableIn([
      { word: "a", x: 1, y: 2 },
      { word: "b", x: 2, y: 1 },
    ]),
  ).toMatchObject({ first: "table" });
  expect(tableIn([1, 5, 2, 8]).first).toBe("plot");
  expect(tableIn([1, 5]).chart).toBeNull();
});

test("a column is what the row has itself, and columns come in the order of the type", () => {
  const schema: Schema = { items: { properties: { b: {}, a: {} } } };
  const table = tableOf([{ a: 1, b: 2 }, { a: 3, c: 4 }, null], schema, {}, null)!;
  expect(table.columns.map(({ title }) => title)).toEqual(["b", "a", "c"]);
  expect(table.rows).toEqual([
    [2, 1, undefined],
    [undefined, 3, 4],
    [null, null, null],
  ]);
  expect(tableOf([{ a: 1 }], {}, {}, { type: "table", columns: ["constructor", "a"] })!.columns).toHaveLength(1);
});

const rowsOf = (table: Table, place: number, direction: "ascending" | "descending") =>
  sorted(table, place, direction).map((row) => row[place]);

test("columns sort by what they hold, and what is missing comes last", () => {
  const schema: Schema = { items: { properties: { d: { format: "decimal" } } } };
  const rows = [
    { n: 10, t: "b10", d: "9.5" },
    { n: 9, t: "b9", d: "10.25" },
    { n: null, t: "a", d: "-1" },
  ];
  const table = tableOf(rows, schema, {}, null)!;
  const place = (title: string) => table.columns.findIndex((column) => column.title === title);
  expect(rowsOf(table, place("n"), "ascending")).toEqual([9, 10, null]);
  expect(rowsOf(table, place("n"), "descending")).toEqual([10, 9, null]);
  expect(rowsOf(table, place("t"), "ascending")).toEqual(["a", "b9", "b10"]);
  expect(rowsOf(table, place("d"), "descending")).toEqual(["10.25", "9.5", "-1"]);
});

test("CSV quotes what needs it, and makes no formulas", () => {
  const rows = [
    { text: 'say "hi", you', n: -5, more: { a: 1 } },
    { text: "=HYPERLINK(1)", n: 1.5, more: null },
    { text: "@a\nb", n: 0, more: [1] },
    { text: "-3.5", n: 0, more: true },
    { text: "-3+cmd", n: 0, more: "+1" },
  ];
  const table = tableOf(rows, {}, {}, null)!;
  expect(csv(table).split("\r\n")).toEqual([
    "text,n,more",
    '"say ""hi"", you",-5,"{""a"":1}"',
    "'=HYPERLINK(1),1.5,",
    '"\'@a\nb",0,[1]',
    "-3.5,0,true",
    "'-3+cmd,0,'+1",
    "",
  ]);
});

test("numbers keep what they are", () => {
  expect(formatted(0)).toBe("0");
  expect(formatted(1_234_567)).toBe(new Intl.NumberFormat().format(1_234_567));
  expect(formatted(1.5e-7)).toMatch(/E-7$/);
  expect(formatted(0.1 + 0.2)).toBe(new Intl.NumberFormat().format(0.3));
  expect(isRounded(2 ** 53)).toBe(true);
  expect(isRounded(2 ** 53 - 1)).toBe(false);
  expect(formattedDecimal("12345678901234567890.1230")).toBe(
    new Intl.NumberFormat().format(12345678901234567890n) + new Intl.NumberFormat().format(0.5)[1] + "1230",
  );
  expect(formattedDecimal("NaN")).toBe("NaN");
});

test.each([
  ["//evil.example/x", null],
  ["/\\evil.example/x", null],
  ["/\t/evil.example/x", null],
  ["https://evil.example/x", null],
  ["javascript:alert(1)", null],
  ["files/1", null],
  ["/files/1", "http://one.example/files/1"],
])("%s leads nowhere but to the server", (url, address) => {
  expect(addressOf(url, "http://one.example/console/")).toBe(address);
});

test("a tree makes the lines that are open, in slices", () => {
  const value = { list: Array.from({ length: 100_000 }, (_, i) => i), "odd key": { a: [] } };
  const first = lines(value, firstOpened(value));
  expect(first.length).toBeLessThan(SLICE * 2);
  const opened = new Map([
    ["$", SLICE],
    ["$.list", SLICE],
    ['$["odd key"]', SLICE],
  ]);
  const all = lines(value, opened);
  expect(all.find(({ path }) => path === "$.list[99]")!.value).toBe(99);
  expect(all.find(({ left }) => left)!.left).toBe(100_000 - SLICE);
  expect(all.at(-1)).toMatchObject({ path: '$["odd key"].a', size: 0 });
});

test("a chart needs numbers", () => {
  expect(chartOf(tableOf(["a", "b"], {}, {}, null)!, null, "position")).toBeNull();
});
