import { screen, within } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import type { Upload } from "../../src/form/context";
import type { Schema } from "../../src/schema";
import { ref, orNull, show, field, send } from "../form";

beforeEach(() => sessionStorage.clear());

describe("what is wrong", () => {
  const limited: Schema = { type: "integer", minimum: 1, maximum: 10 };

  test("is said when a field is left, and goes when it is right", async () => {
    const { user } = show({ x: limited });
    await user.type(field("x"), "11");
    expect(screen.queryByText("Has to be 10 or less")).toBeNull();
    await user.tab();
    expect(screen.getByText("Has to be 10 or less")).toBeTruthy();
    expect(field("x").getAttribute("aria-invalid")).toBe("true");
    await user.type(field("x"), "{Backspace}");
    expect(screen.queryByText("Has to be 10 or less")).toBeNull();
  });

  test("keeps the form from being sent, and leads to the first field", async () => {
    const { user, onSubmit } = show({ a: { type: "string", default: "" }, b: limited, c: { enum: ["u", "v"] } });
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    expect(document.activeElement).toBe(field("b"));
    const summary = screen.getByRole("alert");
    expect(within(summary).getByText("2 fields need another look")).toBeTruthy();
    expect(within(summary).getByText("Choose one")).toBeTruthy();
  });

  test("within values of several parts stands at the part", async () => {
    const { user } = show({ x: { type: "array", items: { type: "integer" } } }, { initial: { x: [1, 2] } });
    const second = screen.getByRole("textbox", { name: "x, item 2" });
    await user.clear(second);
    await user.type(second, "two");
    await send(user);
    expect(second.getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(second);
  });

  const words: [string, Schema, string, string][] = [
    ["pattern", { type: "string", pattern: "^[A-Z]+$" }, "abc", "Has to fit the pattern ^[A-Z]+$"],
    ["too long", { type: "string", maxLength: 2 }, "💡💡💡", "At most 2 characters are allowed; there are 3"],
    ["too short", { type: "string", minLength: 2 }, "💡", "Write at least 2 characters"],
    ["a fraction", { type: "integer" }, "1.5", "Write a whole number"],
    ["no number", { type: "number" }, "0,5", "Write a number, such as 0.5 or 1e-3"],
    ["more than a number holds", { type: "number" }, "1e999", "This number is too large"],
    ["a step", { type: "number", multipleOf: 0.1 }, "0.25", "Has to be a multiple of 0.1"],
    ["no UUID", { type: "string", format: "uuid" }, "x", "Write a UUID, such as"],
    ["no duration", { type: "string", format: "duration" }, "soon", "Write a duration, such as"],
    ["no JSON", {}, "nope", "This is not JSON"],
  ];
  test.each(words)("%s", async (_, schema, typed, said) => {
    const { user, onSubmit } = show({ x: schema });
    await user.type(field("x"), typed);
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    expect(screen.getAllByText((text) => text.startsWith(said))).not.toHaveLength(0);
  });

  test("according to the server stands at the field until that is changed", async () => {
    const list: Schema = { type: "array", items: { type: "string" } };
    const { user, again } = show({ a: { type: "integer", default: 1 }, x: list }, { initial: { x: ["u", "v"] } });
    await send(user);
    again({ initial: { x: ["u", "v"] }, errors: [{ path: ["x", 1], text: "Expected something else" }] });
    const second = screen.getByRole("textbox", { name: "x, item 2" });
    expect(document.activeElement).toBe(second);
    expect(second.getAttribute("aria-invalid")).toBe("true");
    await user.type(second, "w");
    expect(screen.queryByText("Expected something else")).toBeNull();
  });

  test("according to the server about no field stands above", async () => {
    const { again } = show({ a: { type: "integer", default: 1 } });
    again({ errors: [{ path: [], text: "A parameter is given more than once" }] });
    expect(within(screen.getByRole("alert")).getByText("A parameter is given more than once")).toBeTruthy();
  });
});

describe("keys", () => {
  test("Enter sends from a line, Shift and Enter begins another one", async () => {
    const { user, onSubmit } = show({ x: { type: "string" } });
    await user.type(field("x"), "a{Shift>}{Enter}{/Shift}b{Enter}");
    expect(onSubmit).toHaveBeenCalledWith({ x: "a\nb" });
  });

  test("Control and Enter sends from a text area and from the page", async () => {
    const { user, onSubmit } = show({ x: { type: "string", maxLength: 5000 } });
    await user.type(field("x"), "a{Enter}b{Control>}{Enter}{/Control}");
    expect(onSubmit).toHaveBeenCalledExactlyOnceWith({ x: "a\nb" });
    await user.click(document.body);
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(onSubmit).toHaveBeenCalledTimes(2);
  });

  test("nothing is sent twice", async () => {
    const { user, onSubmit } = show({}, { isBusy: true });
    await user.keyboard("{Control>}{Enter}{/Control}");
    expect(onSubmit).not.toHaveBeenCalled();
  });
});

describe("JSON", () => {
  const schemas = { n: { type: "integer", default: 1 }, text: { type: "string" } } satisfies Record<string, Schema>;

  test("shows what is in the form, and changes it", async () => {
    const { user, onSubmit } = show(schemas);
    await user.type(field("text"), "a");
    await user.click(screen.getByRole("radio", { name: "JSON" }));
    const json = screen.getByLabelText<HTMLTextAreaElement>("Parameters as JSON");
    expect(JSON.parse(json.value)).toEqual({ n: 1, text: "a" });
    await user.clear(json);
    await user.click(json);
    await user.paste('{"text": "b", "n": 12345678901234567890}');
    await user.click(screen.getByRole("radio", { name: "Form" }));
    expect((field("n") as HTMLInputElement).value).toBe("12345678901234567890");
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ n: 12345678901234567890n, text: "b" });
  });

  test("that cannot be read stays, and says why", async () => {
    const { user, onSubmit } = show(schemas);
    await user.click(screen.getByRole("radio", { name: "JSON" }));
    const json = screen.getByLabelText<HTMLTextAreaElement>("Parameters as JSON");
    await user.clear(json);
    await user.click(json);
    await user.paste('{"text": }');
    expect(json.value).toBe('{"text": }');
    expect(screen.getByText(/^This is not JSON/)).toBeTruthy();
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    expect(screen.queryByText(/another look/)).toBeNull();
  });

  test("names what no parameter is called", async () => {
    const { user, onSubmit } = show(schemas, { initial: { text: "a", m: 1 } });
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    expect(within(screen.getByRole("alert")).getByText("There is no parameter “m”")).toBeTruthy();
  });

  test("has what is no parameter left out", async () => {
    const { user, onSubmit } = show(schemas, { initial: { text: "a", m: 1 } });
    await user.click(screen.getByRole("button", { name: "Leave it out" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ text: "a" });
  });
});

describe("a draft", () => {
  const schemas: Record<string, Schema> = {
    n: { type: "integer", default: 1 },
    text: { type: "string" },
    secret: { type: "string", format: "password" },
  };

  test("is there again after a reload, with what cannot be read, but without secrets", async () => {
    const { user, unmount } = show(schemas, { draftKey: "f" });
    await user.type(field("text"), "typed");
    await user.type(field("secret"), "hidden");
    await user.type(field("n"), "x");
    expect(JSON.stringify(sessionStorage)).not.toContain("hidden");
    unmount();
    show(schemas, { draftKey: "f" });
    expect((field("text") as HTMLTextAreaElement).value).toBe("typed");
    expect((field("secret") as HTMLInputElement).value).toBe("");
    expect((field("n") as HTMLInputElement).value).toBe("1x");
  });

  test("gives way to what is given, and to the defaults", async () => {
    const { user, unmount } = show(schemas, { draftKey: "f" });
    await user.type(field("text"), "typed");
    unmount();
    const second = show(schemas, { draftKey: "f", initial: { text: "given" } });
    expect((field("text") as HTMLTextAreaElement).value).toBe("given");
    await second.user.click(screen.getByRole("button", { name: "Reset" }));
    second.unmount();
    show(schemas, { draftKey: "f" });
    expect((field("text") as HTMLTextAreaElement).value).toBe("");
  });
});

describe("files", () => {
  const info = (name: string) => ({ id: `id-${name}`, name, media_type: "text/plain", size: 2100, url: "/files/x" });
  const file = (name: string) => new File(["x"], name);

  test("are sent as they are chosen, and named by their ids", async () => {
    const upload: Upload = (one, onProgress) => (onProgress(0.5), Promise.resolve(info(one.name)));
    const { user, onSubmit } = show(
      { x: ref("File"), more: orNull({ type: "array", items: ref("File") }) },
      { upload },
    );
    await user.upload(field("x"), file("a.txt"));
    expect(await screen.findByText("a.txt")).toBeTruthy();
    expect(screen.getByText("2.1 kB")).toBeTruthy();
    await user.upload(field("more"), [file("b.txt"), file("c.txt")]);
    expect(await screen.findByText("c.txt")).toBeTruthy();
    await user.click(screen.getByRole("button", { name: "Remove b.txt" }));
    await send(user);
    expect(onSubmit).toHaveBeenCalledWith({ x: { id: "id-a.txt" }, more: [{ id: "id-c.txt" }] });
  });

  test("hold the form back until they are there, and can be given up", async () => {
    const signals: AbortSignal[] = [];
    const upload: Upload = (_, onProgress, signal) => (onProgress(0.25), signals.push(signal), new Promise(() => {}));
    const { user, onSubmit } = show({ x: ref("File") }, { upload });
    await user.upload(field("x"), file("a.txt"));
    expect(screen.getByRole<HTMLProgressElement>("progressbar", { name: "Upload of a.txt" }).value).toBe(0.25);
    await user.tab();
    expect(screen.queryByText("The upload is not finished")).toBeNull();
    await send(user);
    expect(onSubmit).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(signals[0]!.aborted).toBe(true);
  });

  test("that do not arrive say why", async () => {
    const upload: Upload = () => Promise.reject(new Error("at most 1 MB"));
    const { user } = show({ x: ref("File") }, { upload });
    await user.upload(field("x"), file("a.txt"));
    expect(await screen.findByText("The upload failed: at most 1 MB")).toBeTruthy();
  });
});
