/** The JSON Schema that the types of a server's functions have (draft 2020-12, as OpenRPC has it). */
export interface Schema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  format?: string;
  contentEncoding?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  items?: Schema | false;
  prefixItems?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  not?: Schema;
  discriminator?: { propertyName: string; mapping?: Record<string, string> };
  "x-hotplate-view"?: View;
}

/** How a value asks to be shown: `hotplate.Chart` and the like. */
export interface View {
  type: "chart" | "table" | "image" | "markdown" | "longtext";
  [option: string]: unknown;
}

/** Named schemas, to which `$ref` points. */
export type Components = Record<string, Schema>;

const PLACE = "#/components/schemas/";

/** The schema that a reference stands for, with what is said beside the reference. */
export function resolve(schema: Schema, components: Components): Schema {
  const seen = new Set<string>();
  while (schema.$ref?.startsWith(PLACE) && !seen.has(schema.$ref)) {
    seen.add(schema.$ref);
    const { $ref, ...beside } = schema;
    schema = { ...components[$ref.slice(PLACE.length)], ...beside };
  }
  return schema;
}

/** The branches of a union; one for a schema that is none. */
export function branches(schema: Schema, components: Components): Schema[] {
  const of = schema.anyOf ?? schema.oneOf;
  if (of) return of.flatMap((one) => branches(resolve(one, components), components));
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return [schema];
}

/** Whether a schema allows null, and what it allows besides. */
export function optional(schema: Schema, components: Components): { isOptional: boolean; others: Schema[] } {
  const all = branches(schema, components);
  const others = all.filter((one) => one.type !== "null");
  return { isOptional: others.length < all.length, others };
}
