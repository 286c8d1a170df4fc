import { screen } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import { durationText } from "../../src/form/fields/DurationField";
import type { Schema } from "../../src/schema";
import { ref, orNull, show, field, send } from "../form";

beforeEach(() => sessionStorage.clear());

describe("a value that is typed is the value that is sent", () => {
  const cases: [string, Schema, string, unknown][] = [
    ["text", { type: "string" }, `it's "quoted" \\ äöü 💡`, `it's "quoted" \\ äöü 💡`],
    ["integer", { type: "integer" }, "-12", -12],
    ["integer with separators", { type: "integer" }, "1_000 000", 1_000_000],
    ["integer as a power", { type: "integer" }, "2e6", 2_000_000],
    ["huge integer", { type: "integer" }, "9007199254740993", 9007199254740993n],
    ["number", { type: "number" }, "-1.5e-3", -0.0015],
    ["decimal", { type: ["string", "number"], format: "decimal" }, "19.90", "19.90"],
    ["optional decimal", orNull({ type: ["string", "number"], format: "decimal" }), "0.10", "0.10"],
    [
      "uuid",
      { type: "string", format: "uuid" },
      "5f0c9f8e-6b1d-4c52-9f59-0d6a1c2e7b10",
      "5f0c9f8e-6b1d-4c52-9f59-0d6a1c2e7b10",
    ],
    ["duration", { type: "string", format: "duration" }, "1h 30m", "PT1H30M"],
    ["duration as a clock", { type: "string", format: "duration" }, "2:05:09", "PT2H5M9S"],
    ["duration of ISO 8601", { type: "string", format: "duration" }, "P1DT2H", "P1DT2H"],
    ["password", { type: "string", format: "password" }, "secret", "secret"],
    ["any", {}, '{{"a": [[1, null, 12345678901234567890]}', { a: [1, null, 12345678901234567890n] }],
    [
      "table from a spreadsheet",
      { type: "array", items: { type: "array", items: { type: "number" } } },
      "1\t2.5{Shift>}{Enter}{/Shift}3\t4",
      [
        [1, 2.5],
        [3, 4],
      ],
    ],
    ["optional integer", orNull({ type: "integer" }), "3", 3],
    ["bytes as text", { type: "string", contentEncoding: "base64" }, "häß", "aMOkw58="],
  ];
  test.each(cases)("%s", async (_, schema, typed, sent) => {
    const { user, onSubmit } = show({ x: schema });
    await user.type(field("x"), typed);
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: sent });
  });

  const moments: [string, string, string, unknown][] = [
    ["date", "date", "2026-02-28", "2026-02-28"],
    ["time", "time", "08:30", "08:30:00"],
  ];
  test.each(moments)("%s", async (_, format, typed, sent) => {
    const { user, onSubmit } = show({ x: { type: "string", format } });
    await user.type(field("x"), typed);
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: sent });
  });

  test("a moment in local time", async () => {
    const { user, onSubmit } = show({ x: { type: "string", format: "date-time" } });
    await user.type(field("x"), "2026-02-28T08:30:15");
    await send(user);
    const sent = (onSubmit.mock.calls[0]![0] as { x: string }).x;
    expect(sent).toMatch(/^2026-02-28T08:30:15(Z|[+-]\d\d:\d\d)$/);
    expect(new Date(sent)).toEqual(new Date(2026, 1, 28, 8, 30, 15));
  });

  test("a choice among few", async () => {
    const { user, onSubmit } = show({ x: { enum: ["fast", "slow"] } });
    await user.click(screen.getByRole("radio", { name: "slow" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: "slow" });
  });

  test("a choice among many", async () => {
    const { user, onSubmit } = show({ x: ref("Colour") });
    await user.selectOptions(screen.getByRole("combobox", { name: /x/ }), "blue");
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: "blue" });
  });

  test("yes and no", async () => {
    const { user, onSubmit } = show({ x: { type: "boolean" }, y: orNull({ type: "boolean" }) });
    await user.click(screen.getByRole("checkbox", { name: "x" }));
    await user.click(screen.getByRole("radio", { name: "No" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: true, y: false });
  });
});

describe("what is not set", () => {
  test("a param at its default is left out", async () => {
    const { user, onSubmit } = show({ a: { type: "integer", default: 3 }, b: { type: "string", default: "x" } });
    await user.clear(field("b"));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ b: "" });
  });

  test("a required one that may be null is sent as null", async () => {
    const { user, onSubmit } = show({ a: orNull({ type: "string", format: "date" }) });
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ a: null });
  });

  test("an optional text is told from an empty one", async () => {
    const { user, onSubmit } = show({ a: orNull({ type: "string" }) });
    await user.type(field("a"), "x{Backspace}");
    expect(screen.getByText("An empty text is sent.")).toBeTruthy();
    await send(user);
    expect(onSubmit).toHaveBeenLastCalledWith({ a: "" });
    await user.click(screen.getByRole("button", { name: "Unset a" }));
    await send(user);
    expect(onSubmit).toHaveBeenLastCalledWith({ a: null });
  });

  test("a rounded default is not shown as if it were exact, and not sent", async () => {
    const { user, onSubmit } = show({ a: { type: "integer", default: 9007199254740992 } });
    expect((field("a") as HTMLInputElement).value).toBe("");
    expect(screen.getByText(/≈ 9007199254740992/)).toBeTruthy();
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({});
  });

  test("an empty text can be sent where one is required", async () => {
    const { user, onSubmit } = show({ a: { type: "string" } });
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Send an empty text" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ a: "" });
  });
});

describe("what is missing in a value", () => {
  const settings: Schema = {
    title: "Settings",
    type: "object",
    properties: { on: { type: "boolean", default: true }, note: { type: "string" }, of: { type: "integer" } },
    required: ["of"],
  };

  test("is seen for what the server takes it for", async () => {
    const { user, onSubmit } = show({ x: settings }, { initial: { x: { of: 1 } } });
    expect((field("on") as HTMLInputElement).checked).toBe(true);
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: { of: 1, on: true } });
  });

  test("makes no difference to a default", async () => {
    const { user, onSubmit } = show({ x: { ...settings, default: { of: 1 } } });
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({});
  });
});

describe("values of several parts", () => {
  test("a list: added to, moved, removed from", async () => {
    const { user, onSubmit } = show({ x: { type: "array", items: { type: "integer" } } });
    const add = screen.getByRole("button", { name: "Add an item to x" });
    for (const number of ["1", "2", "3"]) {
      await user.click(add);
      await user.type(screen.getAllByRole("textbox").at(-1)!, number);
    }
    await user.click(screen.getByRole("button", { name: "Move x, item 3 up" }));
    await user.click(screen.getByRole("button", { name: "Remove x, item 1" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: [3, 2] });
  });

  test("a list is filled by pasting into a row, and by several at once", async () => {
    const { user, onSubmit } = show({
      x: { type: "array", items: { type: "number" } },
      y: { type: "array", items: { type: "string" } },
    });
    await user.click(screen.getByRole("button", { name: "Add an item to x" }));
    await user.click(screen.getByRole("textbox", { name: "x, item 1" }));
    await user.paste("1\n2.5\n3");
    await user.click(screen.getAllByRole("button", { name: "Add several…" })[1]!);
    await user.click(screen.getByLabelText("One per line."));
    await user.paste("Smith, John\nb");
    await user.click(screen.getByRole("button", { name: "Add 2 items" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: [1, 2.5, 3], y: ["Smith, John", "b"] });
  });

  test("a long list is a text", async () => {
    const numbers = Array.from({ length: 5000 }, (_, n) => n);
    const { user, onSubmit } = show({ x: { type: "array", items: { type: "integer" } } }, { initial: { x: numbers } });
    expect(screen.getAllByRole("textbox")).toHaveLength(1);
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: numbers });
  });

  test("a tuple, of which the end may be missing", async () => {
    const place: Schema = {
      type: "array",
      prefixItems: [{ type: "number" }, { type: "string" }, { type: "string", default: "" }],
      items: false,
      minItems: 2,
      maxItems: 3,
    };
    const { user, onSubmit } = show({ x: place });
    await user.type(screen.getByLabelText(/^Item 1/), "1.5");
    await user.type(screen.getByLabelText(/^Item 2/), "here");
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: [1.5, "here", ""] });
  });

  test("a dictionary, whose keys are all different", async () => {
    const { user, onSubmit } = show({ x: { type: "object", additionalProperties: { type: "integer" } } });
    for (const at of [1, 2]) {
      await user.click(screen.getByRole("button", { name: "Add an entry" }));
      await user.type(screen.getByLabelText(`x, key ${at}`), "__proto__");
      await user.type(screen.getByLabelText(`x, value ${at}`), String(at));
    }
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    expect(screen.getAllByText("The key “__proto__” is there twice")).not.toHaveLength(0);
    await user.type(screen.getByLabelText("x, key 2"), "2");
    await send(user);
    const sent = onSubmit.mock.calls[0]![0] as { x: object };
    expect(Object.entries(sent.x)).toEqual([
      ["__proto__", 1],
      ["__proto__2", 2],
    ]);
  });

  test("a union remembers what was typed in each branch", async () => {
    const { user, onSubmit } = show({ x: { anyOf: [ref("Circle"), ref("Square")] } });
    await user.type(screen.getByLabelText(/^radius/), "2.5");
    await user.click(screen.getByRole("radio", { name: "Square" }));
    await user.type(screen.getByLabelText(/^side/), "4");
    await user.click(screen.getByRole("radio", { name: "Circle" }));
    expect((screen.getByLabelText(/^radius/) as HTMLInputElement).value).toBe("2.5");
    await user.click(screen.getByRole("radio", { name: "Square" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: { type: "square", side: 4, turned: false } });
  });

  test("a union begins with the branch that its value is of", () => {
    show({ x: { anyOf: [{ type: "integer" }, { type: "string" }, { type: "null" }], default: "1" } });
    expect((screen.getByRole("radio", { name: "text" }) as HTMLInputElement).checked).toBe(true);
  });

  test("a type that has itself within grows as it is asked to", async () => {
    const { user, onSubmit } = show({ x: orNull(ref("Tree")) });
    await user.click(screen.getByRole("button", { name: "Set x" }));
    await user.type(screen.getByLabelText(/^value/), "1");
    await user.click(screen.getByRole("button", { name: /^Add an item to below/ }));
    const [, inner] = screen.getAllByLabelText(/^value/);
    await user.type(inner!, "2");
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: { value: 1, below: [{ value: 2, below: [] }] } });
  });
});

describe("what pydantic makes of models", () => {
  const dog: Schema = {
    title: "Dog",
    type: "object",
    properties: {
      kind: { const: "dog", default: "dog", title: "Kind", type: "string" },
      name: { minLength: 1, title: "Name", type: "string" },
      friends: { default: [], items: { $ref: "#/components/schemas/Dog" }, title: "Friends", type: "array" },
    },
    required: ["name"],
  };
  const cat: Schema = {
    title: "Cat",
    type: "object",
    properties: { kind: { const: "cat", title: "Kind", type: "string" }, lives: { default: 9, type: "integer" } },
    required: ["kind"],
  };
  const model: Schema = {
    title: "Model",
    type: "object",
    properties: {
      pet: { oneOf: [ref("Cat"), ref("Dog")], discriminator: { propertyName: "kind" }, title: "Pet" },
      price: { anyOf: [{ type: "number" }, { type: "string" }], default: "1.5", title: "Price" },
      level: { allOf: [{ title: "Level", enum: [1, 2], type: "integer" }], default: 1 },
      url: { default: "https://example.org", format: "uri", maxLength: 2083, minLength: 1, type: "string" },
      extra: { additionalProperties: true, default: {}, title: "Extra", type: "object" },
    },
    required: ["pet"],
  };

  test("is filled in and sent as it is meant", async () => {
    const { user, onSubmit } = show({ m: model }, { components: { Cat: cat, Dog: dog } });
    expect((screen.getByRole("radio", { name: "Cat" }) as HTMLInputElement).checked).toBe(true);
    expect((screen.getByRole("radio", { name: "text" }) as HTMLInputElement).checked).toBe(true);
    await user.click(screen.getByRole("radio", { name: "Dog" }));
    await user.type(field("name"), "Rex");
    await user.click(screen.getByRole("radio", { name: "2" }));
    await user.click(screen.getByRole("button", { name: "Add an entry" }));
    await user.type(screen.getByLabelText("extra, key 1"), "a");
    await user.type(screen.getByLabelText("extra, value 1"), "[[1]");
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({
      m: {
        pet: { kind: "dog", name: "Rex", friends: [] },
        price: "1.5",
        level: 2,
        url: "https://example.org",
        extra: { a: [1] },
      },
    });
  });
});

test.each([
  ["PT5400S", "1h 30m"],
  ["P1DT0.5S", "1d 0.5s"],
  ["PT0S", "0s"],
  ["PT90M", "1h 30m"],
  ["P2W", "P2W"],
  ["", ""],
])("a duration of %s is written as %s", (iso, text) => {
  expect(durationText(iso)).toBe(text);
});
