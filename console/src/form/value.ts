/** The values that fields hold: JSON, and besides it what is not JSON yet. */
import type { FileInfo } from "@hotplate/client";
import type { Components, Schema } from "../schema";
import { integer } from "./exact";
import { memberOf, shapeOf } from "./kind";

export type Path = readonly (string | number)[];

/** What was typed and cannot be read: it stays as it is, with what is wrong about it. */
export class Unread {
  constructor(
    readonly text: string,
    readonly problem: string,
    /** Whether it becomes readable by itself, so that there is nothing to complain about yet. */
    readonly isPending = false,
  ) {}
}

/** A file that was uploaded. */
export class Uploaded {
  constructor(readonly info: FileInfo) {}
}

/** Texts of paths: `material.tags[2]`. */
export const named = (path: Path): string =>
  path.map((step, place) => (typeof step === "number" ? `[${step}]` : place ? `.${step}` : step)).join("");

export const keyOf = (path: Path): string => JSON.stringify(path);

/** Whether a default is known as it is: integers that are too large have been rounded on their way. */
export function isStated(schema: Schema): boolean {
  const { default: stated } = schema;
  return stated !== undefined && !(typeof stated === "number" && Number.isInteger(stated) && isRounded(stated));
}

export const isRounded = (number: number): boolean => !Number.isSafeInteger(number);

/** What a field begins with. Undefined where that is for somebody to say. */
export function initial(schema: Schema, components: Components, isRequired = true): unknown {
  const { kind, schema: whole, branches, isNullable } = shapeOf(schema, components);
  if (schema.default !== undefined) return isStated(schema) ? schema.default : undefined;
  if (!isRequired) return undefined;
  if (isNullable) return null;
  switch (kind) {
    case "const":
      return whole.const ?? whole.enum![0];
    case "null":
      return null;
    case "boolean":
      return false;
    case "union":
      return initial(branches[0]!, components);
    case "object":
      return emptyObject(whole, components);
    case "list":
      return Array.from({ length: Math.min(whole.minItems ?? 0, 10) }, () => initial(whole.items || {}, components));
    case "tuple":
      return whole.prefixItems!.map((item, place) => initial(item, components, place < (whole.minItems ?? 0)));
    case "dictionary":
      return {};
    default:
      return undefined;
  }
}

function emptyObject(schema: Schema, components: Components): object {
  const members = Object.keys(schema.properties ?? {}).map((name) => [
    name,
    initial(memberOf(schema, name)!, components, schema.required?.includes(name) ?? false),
  ]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as object;
}

/** The value as it is sent: without what is not set, and without what cannot be read. */
export function finished(value: unknown): unknown {
  if (value instanceof Unread) return undefined;
  if (value instanceof Uploaded) return { id: value.info.id };
  if (Array.isArray(value)) return trimmed(value.map(finished));
  if (value === null || typeof value !== "object") return value;
  const members = Object.entries(value).map(([name, one]) => [name, finished(one)] as const);
  return Object.fromEntries(members.filter(([, one]) => one !== undefined));
}

/** Without what is not set at the end; what is not set within it has to become something. */
function trimmed(items: unknown[]): unknown[] {
  const end = items.findLastIndex((one) => one !== undefined) + 1;
  return items.slice(0, end).map((one) => (one === undefined ? null : one));
}

/** A number as it was typed; undefined if it is none. */
export function numberFrom(text: string, isInteger: boolean): number | bigint | undefined {
  const plain = text.trim().replace(/(?<=\d)[_ \u00a0\u202f](?=\d)/g, "");
  if (isInteger) {
    if (/^[+-]?\d+$/.test(plain)) return integer(plain);
    const number = /^[+-]?\d+(\.\d+)?[eE]\+?\d+$/.test(plain) ? Number(plain) : NaN;
    return Number.isSafeInteger(number) ? number : undefined;
  }
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain) ? Number(plain) : undefined;
}
