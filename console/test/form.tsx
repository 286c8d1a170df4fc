/** A form, and how tests fill it in. */
import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { vi } from "vitest";
import type { Upload } from "../src/form/context";
import { SchemaForm, type SchemaFormProps } from "../src/form/SchemaForm";
import type { Components, Schema } from "../src/schema";

export const COMPONENTS: Components = {
  Colour: {
    title: "Colour",
    type: "string",
    enum: ["red", "green", "blue", "a colour with a name that is rather long"],
  },
  Circle: {
    title: "Circle",
    type: "object",
    properties: { type: { enum: ["circle"] }, radius: { type: "number", exclusiveMinimum: 0 } },
    required: ["type", "radius"],
  },
  Square: {
    title: "Square",
    type: "object",
    properties: { type: { enum: ["square"] }, side: { type: "integer" }, turned: { type: "boolean", default: false } },
    required: ["type", "side"],
  },
  Tree: {
    title: "Tree",
    type: "object",
    properties: {
      value: { type: "integer" },
      below: { type: "array", items: { $ref: "#/components/schemas/Tree" }, default: [] },
    },
    required: ["value"],
  },
  File: {
    title: "File",
    type: "object",
    properties: { id: { type: "string" }, media_type: { type: "string" }, url: { type: "string" } },
    required: ["id"],
  },
};
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: "null" }] });

export const noUpload: Upload = () => Promise.reject(new Error("nothing is sent here"));

/** A form for parameters of these schemas: those without a default are required. */
export function show(schemas: Record<string, Schema>, more: Partial<SchemaFormProps> = {}) {
  const onSubmit = vi.fn();
  const params = Object.entries(schemas).map(([name, schema]) => ({
    name,
    schema,
    isRequired: !("default" in schema),
  }));
  const props = { params, components: COMPONENTS, onSubmit, submitLabel: "Call", upload: noUpload, ...more };
  const shown = render(<SchemaForm {...props} />);
  const again = (next: Partial<SchemaFormProps>) => shown.rerender(<SchemaForm {...props} {...next} />);
  return { onSubmit, user: userEvent.setup({ delay: null }), again, ...shown };
}

export const field = (name: string) =>
  screen.getByLabelText(new RegExp(`^${name}`), { selector: "input, textarea, select" });
export const send = (user: ReturnType<typeof userEvent.setup>) =>
  user.click(screen.getByRole("button", { name: "Call" }));
