/** The log of a run. */
import type { LogLine } from "@hotplate/client";
import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { expect, test } from "vitest";
import { asText, cut, itemsOf, levelOf, textOf, type Item } from "../../src/features/runs/lines";
import { Log } from "../../src/features/runs/Log";
import type { Move } from "../../src/features/runs/domain";
import { moment } from "../../src/testing/runs";

const line = (seq: number, text: string, more: Partial<LogLine> = {}): LogLine => ({
  seq,
  at: moment(seq),
  level: "INFO",
  logger: "shop",
  text,
  ...more,
});
const claim = (seq: number, attempt: number): Move => ({ name: "claim", seq, attempt, at: new Date(moment(seq)) });
const texts = (items: Item[]) => items.map((item) => (item.kind === "line" ? item.line.text : `#${item.move.attempt}`));
const ALL = { level: 0, text: "" };

test("what only terminals understand is left out", () => {
  expect(textOf(line(1, "\x1b[1;31mred\x1b[0m \x1b]0;title\x07done\x1b[2K\r"))).toBe("red done");
  expect(textOf(line(1, "tab\tstays, bell\x07 goes"))).toBe("tab\tstays, bell goes");
});

test("levels are compared as Python numbers them", () => {
  const levels = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "Level 25", "NOTICE"];
  expect(levels.map((level) => levelOf(line(1, "", { level })))).toEqual([10, 20, 30, 40, 50, 25, 20]);
});

test("lines are chosen by level and text, and later attempts stand apart", () => {
  const log = [line(2, "one"), line(3, "Two", { level: "ERROR" }), line(6, "two again")];
  const moves = [claim(1, 1), claim(5, 2), claim(9, 3)];
  expect(texts(itemsOf(log, moves, ALL))).toEqual(["one", "Two", "#2", "two again", "#3"]);
  expect(texts(itemsOf(log, moves, { level: 30, text: "" }))).toEqual(["Two", "#2", "#3"]);
  expect(texts(itemsOf(log, [], { level: 0, text: "TWO" }))).toEqual(["Two", "two again"]);
});

test("a text is cut around what is sought, which is no pattern", () => {
  expect(cut("a.b A.B a+b", "a.b")).toEqual(["", "a.b", " ", "A.B", " a+b"]);
  expect(cut("plain", "")).toEqual(["plain"]);
});

test("as a text file it has times, levels and attempts", () => {
  const items = itemsOf([line(1, "one"), line(3, "two", { logger: undefined })], [claim(0, 1), claim(2, 2)], ALL);
  expect(asText(items)).toBe(`${moment(1)} INFO shop: one\n--- ${moment(2)} attempt 2\n${moment(3)} two`);
});

const show = (log: LogLine[], isEnded = false) =>
  render(<Log id="1" log={log} moves={[]} isEnded={isEnded} isCompact={false} />);

test("matches are marked and counted, markup stays text", async () => {
  show([line(1, "<b>plate</b> one plate"), line(2, "nothing"), line(3, "plate", { level: "ERROR" })]);
  await userEvent.type(screen.getByRole("searchbox"), "plate");
  expect(await screen.findByText("3 matches in 2 lines")).toBeTruthy();
  const marks = screen.getByRole("log").querySelectorAll("mark");
  expect([...marks].map((mark) => mark.textContent)).toEqual(["plate", "plate", "plate"]);
  expect(screen.getByRole("log").querySelector(".log-text b")).toBeNull();
  await userEvent.selectOptions(screen.getByRole("combobox"), "Errors");
  expect(await screen.findByText("1 match in 1 line")).toBeTruthy();
});

test("a log without lines says so", () => {
  const { rerender } = show([]);
  expect(screen.getByText("Nothing has been logged or printed so far.")).toBeTruthy();
  rerender(<Log id="1" log={[]} moves={[]} isEnded isCompact={false} />);
  expect(screen.getByText("Nothing was logged or printed.")).toBeTruthy();
});

test("of ten thousand lines few are in the page", () => {
  show(Array.from({ length: 10_000 }, (_, n) => line(n, `line ${n}`)));
  expect(screen.getByText("10,000 lines")).toBeTruthy();
  expect(screen.getByText("line 9999")).toBeTruthy();
  expect(screen.getByRole("log").querySelectorAll(".log-line").length).toBeLessThan(500);
});
