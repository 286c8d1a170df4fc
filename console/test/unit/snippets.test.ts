import { describe, expect, test } from "vitest";
import { cli, curl, javascriptCall, pythonCall, shell } from "../../src/features/functions/snippets";

const called = (params: Record<string, unknown>, kind: "method" | "job" = "method") => ({
  name: "shop.add",
  kind,
  params,
  url: "http://server.test/rpc",
});

describe("a word of a shell", () => {
  test.each([
    ["a=1", "a=1"],
    ["a b", "'a b'"],
    ["it's", `'it'\\''s'`],
    ["$(rm)`", "'$(rm)`'"],
    ["", "''"],
    ["a\nb", "'a\nb'"],
  ])("%j", (word, quoted) => expect(shell(word)).toBe(quoted));
});

test("curl takes integers of any size", () => {
  expect(curl(called({ n: 9007199254740993n }))).toContain('"params":{"n":9007199254740993}');
});

test("Python has words of its own for what is nothing, true and false", () => {
  expect(pythonCall(called({ a: null, b: [true, false], c: 'it\'s "x"' }))).toContain(
    'client.call("shop.add", a=None, b=[True, False], c="it\'s \\"x\\"")',
  );
});

test("Python takes parameters whose names it needs itself from a dictionary", () => {
  expect(pythonCall(called({ class: 1 }))).toContain('client.call("shop.add", **{"class": 1})');
});

test("JavaScript has a member of the name that is no member", () => {
  expect(javascriptCall(called(JSON.parse('{"a": {"__proto__": 1}}') as object as Record<string, unknown>))).toContain(
    '{ a: { ["__proto__"]: 1 } }',
  );
});

describe("a value on the command line", () => {
  test.each([
    ["Ada", "a=Ada"],
    ["true", `'a="true"'`],
    ["12", `'a="12"'`],
    ["@file", `'a="@file"'`],
    ["", `'a=""'`],
    ["two\nlines", `'a="two\\nlines"'`],
    [null, "a=null"],
    [["it's"], `'a=["it'\\''s"]'`],
  ])("%j", (value, word) =>
    expect(cli(called({ a: value }))).toBe(`hotplate call http://server.test shop.add ${word}`),
  );
});

test("a server whose RPC address is another is called at that", () => {
  const elsewhere = { ...called({}), url: "http://server.test/tools/rpc" };
  expect(cli(elsewhere)).toBe("hotplate call http://server.test/tools/rpc shop.add");
  expect(pythonCall(elsewhere)).toContain('Client("http://server.test/tools/rpc")');
});
