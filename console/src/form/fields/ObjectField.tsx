import type { WidgetProps } from "../context";
import { useForm } from "../context";
import { Field } from "../Field";
import { memberOf } from "../kind";
import { isTag } from "../union";
import { initial } from "../value";

/** From here on inwards, objects can be folded. */
const DEEP = 2;

/** An object of known members. What more it has is left as it is. */
export function ObjectField({ shape, value, onChange, path, name }: WidgetProps) {
  const { components } = useForm();
  const { schema } = shape;
  const given = (typeof value === "object" && value !== null ? value : initial(schema, components)) as object;
  const known = new Map(Object.entries(given));
  const names = Object.keys(schema.properties ?? {}).filter((member) => !isTag(memberOf(schema, member)!));
  const fields = names.map((member) => (
    <Field
      key={member}
      name={member}
      path={[...path, member]}
      schema={memberOf(schema, member)!}
      value={known.get(member)}
      isRequired={schema.required?.includes(member) ?? false}
      onChange={(one) => onChange(withMember(given, member, one))}
    />
  ));
  if (path.length < DEEP || names.length < 2) return <div className="members">{fields}</div>;
  return (
    <details open className="members">
      <summary>{schema.title ?? name}</summary>
      <div className="members-in">{fields}</div>
    </details>
  );
}

function withMember(object: object, name: string, value: unknown): object {
  const rest = Object.entries(object).filter(([other]) => other !== name);
  const at = Object.keys(object).indexOf(name);
  if (value !== undefined) rest.splice(at < 0 ? rest.length : at, 0, [name, value]);
  return Object.fromEntries(rest) as object;
}
