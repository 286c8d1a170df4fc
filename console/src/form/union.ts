/** Which branch of a union a value is of, and what the branches are called. */
import type { Components, Schema } from "../schema";
import { words } from "../words";
import { check } from "./check";
import { memberOf, shapeOf } from "./kind";

/** The place of the branch that a value fits best. */
export function branchOf(value: unknown, branches: Schema[], components: Components): number {
  if (value === undefined) return 0;
  let best = 0;
  let least = Infinity;
  for (const [place, branch] of branches.entries()) {
    const wrong = check(value, branch, components, [], true);
    // of another type or with another tag altogether
    const weight = wrong.reduce((sum, one) => sum + (one.isOther ? 100 : 1), 0);
    if (weight < least) [best, least] = [place, weight];
    if (!weight) break;
  }
  return best;
}

/** Names by which the branches can be told apart. */
export function labels(branches: Schema[], components: Components): string[] {
  const plain = branches.map((branch) => labelOf(branch, components));
  return plain.map((label, place) =>
    plain.indexOf(label) === plain.lastIndexOf(label) ? label : `${label} (${place + 1})`,
  );
}

function labelOf(branch: Schema, components: Components): string {
  const { kind, schema } = shapeOf(branch, components);
  if (kind === "const") return String(schema.const ?? schema.enum![0]);
  const tag = tagOf(schema);
  if (schema.title) return schema.title;
  if (tag) return tag;
  if (kind === "list" && schema.items) return `${words.form.types.list}: ${labelOf(schema.items, components)}`;
  return words.form.types[kind];
}

/** What a branch says of itself by a member that is always the same text. */
function tagOf(schema: Schema): string | undefined {
  const member = (schema.required ?? []).map((name) => memberOf(schema, name)).find((one) => one && isTag(one));
  return member && String(member.const ?? member.enum![0]);
}

/** Whether there is nothing to be chosen: the member says which branch it is. */
export function isTag(member: Schema): boolean {
  return member.const !== undefined || member.enum?.length === 1;
}
