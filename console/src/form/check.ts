/** What is wrong with the value of a field, in words for whoever types it. The server has the last word. */
import type { Components, Schema } from "../schema";
import { words } from "../words";
import { same } from "./exact";
import { memberOf, shapeOf, valuesOf, type Kind } from "./kind";
import { limitProblem } from "./limits";
import { branchOf } from "./union";
import { Unread, Uploaded, type Path } from "./value";

export interface Problem {
  path: Path;
  text: string;
  /** Nothing was given yet: nothing to complain about before it is sent. */
  isMissing?: boolean;
  /** It is of another type altogether. */
  isOther?: boolean;
}

const say = words.form.problems;

const MISSING: Partial<Record<Kind, string>> = {
  choice: say.missingChoice,
  union: say.missingChoice,
  file: say.missingFile,
};

export function check(
  value: unknown,
  schema: Schema,
  components: Components,
  path: Path,
  isRequired: boolean,
): Problem[] {
  const { kind, schema: whole, branches, isNullable } = shapeOf(schema, components);
  if (value === undefined) {
    return isRequired ? [{ path, text: MISSING[kind] ?? say.missing, isMissing: true }] : [];
  }
  if (value instanceof Unread) return [{ path, text: value.problem, isMissing: value.isPending }];
  if (value === null && isNullable) return [];
  switch (kind) {
    case "union":
      return check(value, branches[branchOf(value, branches, components)]!, components, path, true);
    case "object":
      return isObject(value) ? checkObject(value, whole, components, path) : other(kind, path);
    case "dictionary":
      return isObject(value) ? checkDictionary(value, whole, components, path) : other(kind, path);
    case "list":
    case "table":
      return Array.isArray(value) ? checkList(value, whole, components, path) : other(kind, path);
    case "tuple":
      return Array.isArray(value) ? checkTuple(value, whole, components, path) : other(kind, path);
    case "file":
      return value instanceof Uploaded || typeof (value as { id?: unknown } | null)?.id === "string"
        ? []
        : other(kind, path);
    case "any":
      return [];
    default:
      return checkSingle(value, kind, whole, path);
  }
}

const other = (kind: Kind, path: Path): Problem[] => [{ path, text: say.type(words.form.types[kind]), isOther: true }];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uploaded);

function checkObject(value: Record<string, unknown>, schema: Schema, components: Components, path: Path): Problem[] {
  const found = Object.keys(schema.properties ?? {}).flatMap((name) => {
    const isRequired = schema.required?.includes(name) ?? false;
    return check(value[name], memberOf(schema, name)!, components, [...path, name], isRequired);
  });
  if (schema.additionalProperties !== false) return found;
  const unknown = Object.keys(value).filter((name) => !memberOf(schema, name));
  return [...found, ...unknown.map((name) => ({ path: [...path, name], text: `${name}: ${say.unknown}` }))];
}

function checkDictionary(
  value: Record<string, unknown>,
  schema: Schema,
  components: Components,
  path: Path,
): Problem[] {
  const { propertyNames } = schema as { propertyNames?: Schema };
  return Object.entries(value).flatMap(([key, one]) => {
    const named = propertyNames && check(key, { type: "string", ...propertyNames }, components, path, true);
    const keys = named?.length ? [{ path: [...path, key], text: say.key }] : [];
    return [...keys, ...check(one, valuesOf(schema), components, [...path, key], true)];
  });
}

function checkList(value: unknown[], schema: Schema, components: Components, path: Path): Problem[] {
  const inner = schema.items && Object.keys(schema.items).length ? schema.items : null;
  return [
    ...countProblem(value.length, schema, path),
    ...(inner ? value.flatMap((one, place) => check(one, inner, components, [...path, place], true)) : []),
  ];
}

function checkTuple(value: unknown[], schema: Schema, components: Components, path: Path): Problem[] {
  const { prefixItems = [], minItems = prefixItems.length } = schema;
  const given = value.findLastIndex((one) => one !== undefined) + 1;
  if (value.length > prefixItems.length && schema.items === false) {
    return [{ path, text: say.many(prefixItems.length, value.length) }];
  }
  return prefixItems.flatMap((item, place) =>
    check(value[place], item, components, [...path, place], place < Math.max(minItems, given)),
  );
}

function countProblem(count: number, { minItems, maxItems }: Schema, path: Path): Problem[] {
  if (minItems !== undefined && count < minItems) return [{ path, text: say.few(minItems) }];
  if (maxItems !== undefined && count > maxItems) return [{ path, text: say.many(maxItems, count) }];
  return [];
}

function checkSingle(value: unknown, kind: Kind, schema: Schema, path: Path): Problem[] {
  if (kind === "choice" || kind === "const") {
    const allowed = schema.enum ?? [schema.const];
    if (allowed.some((one) => same(one, value))) return [];
    return [
      { path, text: say.choice, isOther: kind === "const" || !allowed.some((one) => typeof one === typeof value) },
    ];
  }
  if (!ofType(value, kind)) return other(kind, path);
  const text = limitProblem(value, kind, schema);
  return text ? [{ path, text }] : [];
}

function ofType(value: unknown, kind: Kind): boolean {
  switch (kind) {
    case "null":
      return value === null;
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "bigint" || Number.isInteger(value);
    case "number":
      return typeof value === "number" || typeof value === "bigint";
    case "decimal":
      return typeof value === "string" || typeof value === "number";
    default:
      return typeof value === "string";
  }
}
