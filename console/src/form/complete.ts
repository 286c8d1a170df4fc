import type { Components, Schema } from "../schema";
import { memberOf, shapeOf, valuesOf } from "./kind";
import { branchOf } from "./union";
import { initial, Unread, Uploaded } from "./value";

/** A value with the defaults of what is missing in its objects: so they are seen for what the server takes them for. */
export function complete(value: unknown, schema: Schema, components: Components): unknown {
  if (typeof value !== "object" || value === null || value instanceof Unread || value instanceof Uploaded) return value;
  const { kind, schema: whole, branches } = shapeOf(schema, components);
  if (kind === "union") return complete(value, branches[branchOf(value, branches, components)]!, components);
  if (Array.isArray(value)) {
    const itemAt = (place: number) => (kind === "tuple" ? whole.prefixItems?.[place] : whole.items) || {};
    return kind === "list" || kind === "tuple"
      ? value.map((one: unknown, place) => complete(one, itemAt(place), components))
      : value;
  }
  if (kind === "dictionary") return withMembers(value, (one) => complete(one, valuesOf(whole), components));
  if (kind !== "object") return value;
  const given = withMembers(value, (one, name) => complete(one, memberOf(whole, name) ?? {}, components));
  const missing = Object.keys(whole.properties ?? {}).filter((name) => !Object.hasOwn(value, name));
  const begun = missing.map((name) => {
    const isRequired = whole.required?.includes(name) ?? false;
    const member = memberOf(whole, name)!;
    return [name, isRequired ? undefined : complete(initial(member, components, false), member, components)] as const;
  });
  return { ...given, ...Object.fromEntries(begun.filter(([, one]) => one !== undefined)) };
}

function withMembers(value: object, change: (one: unknown, name: string) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one, name)]));
}
