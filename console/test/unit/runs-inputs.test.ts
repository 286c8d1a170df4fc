import { expect, test } from "vitest";
import { inputsFrom } from "../../src/features/runs/domain";

test.each([
  ['{"samples": 1000, "name": "a b", "where": {"x": [1]}}', 'samples=1000, name=a b, where={"x":[1]}'],
  ['[1, "two", null]', "1, two, null"],
  ["{}", ""],
  ["", ""],
  ['{"text": "what is cut o', '"text": "what is cut o…'],
])("the inputs %s are told as %s", (text, told) => {
  expect(inputsFrom(text)).toBe(told);
});
