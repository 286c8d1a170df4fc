import type { Components, Schema } from "../schema";
import { words } from "../words";
import { isScalar, memberSchema, type Item } from "./columns";
import { Fallback } from "./Fallback";
import { Json } from "./Json";
import { choose } from "./kind";
import { Cell } from "./Cell";
import { Shown } from "./Shown";

/** Objects in objects in objects are better read as a tree. */
const MOST_DEPTH = 2;
const LONG_TEXT = 120;

/** An object: its small members as facts, then each of the large ones by its own view. */
export function Members({
  value,
  schema,
  components,
  name,
  isLive,
  isCompact,
  depth,
}: {
  value: Item;
  schema: Schema;
  components: Components;
  name: string;
  isLive: boolean;
  isCompact: boolean;
  depth: number;
}) {
  const all = Object.entries(value).map(([key, member]) => ({ key, member, schema: memberSchema(schema, key) }));
  const isFact = (one: (typeof all)[number]) =>
    isScalar(one.member) &&
    !(typeof one.member === "string" && (one.member.length > LONG_TEXT || one.member.includes("\n"))) &&
    !["image", "markdown", "bytes"].includes(choose(one.member, one.schema, components).kind);
  const facts = all.filter(isFact);
  const others = all.filter((one) => !isFact(one));
  return (
    <div className="view-members">
      {facts.length > 0 && (
        <dl className="facts">
          {facts.map(({ key, member, schema }) => (
            <div key={key}>
              <dt title={schema.description}>{schema.title ?? key}</dt>
              <dd>
                <Cell value={member} schema={schema} components={components} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {others.map(({ key, member, schema }) => {
        const json = <Json value={member} name={key} />;
        const props = { value: member, schema, components, name: `${name} ${key}`, isLive, isCompact, depth };
        return (
          <section key={key} className="view-part" aria-label={key}>
            <h3 title={schema.description}>{schema.title ?? key}</h3>
            <Fallback instead={json} of={member}>
              {depth > MOST_DEPTH ? json : <Shown {...props} />}
            </Fallback>
          </section>
        );
      })}
      {!all.length && <p className="muted">{words.views.emptyObject}</p>}
    </div>
  );
}
