import { useRef, useState } from "react";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import { useForm, type WidgetProps } from "../context";
import { parse, same, stringify } from "../exact";
import { Field } from "../Field";
import { SINGLE, shapeOf, valuesOf } from "../kind";
import { useRowKeys } from "../rows";
import { finished, initial, Unread } from "../value";
import { Tool } from "./ListField";

const say = words.form;

type Entry = [key: string, value: unknown];

/** Values by keys of one's own. */
export function DictionaryField({ shape, value, onChange, path, name, control }: WidgetProps) {
  const { components } = useForm();
  const [own, setOwn] = useState(() => ({ entries: entriesOf(value), value }));
  const entries = same(own.value, value) ? own.entries : entriesOf(value);
  const ref = useRef<HTMLDivElement>(null);
  const rows = useRowKeys(entries.length);
  const values = valuesOf(shape.schema);
  const isSingle = SINGLE.has(shapeOf(values, components).kind);
  const change = (next: Entry[]) => {
    const made = madeOf(next);
    setOwn({ entries: next, value: made });
    onChange(made);
  };
  const set = (place: number, key: string, one: unknown) => change(entries.with(place, [key, one]));
  return (
    <div className="stack list" ref={ref}>
      {entries.length === 0 && <p className="muted">{say.noEntries}</p>}
      {entries.map(([key, one], place) => (
        <div key={rows.keys[place]} data-row={place} className={isSingle ? "item entry" : "item entry card"}>
          <input
            className="mono"
            aria-label={say.keyOf(place + 1, name)}
            placeholder={say.key}
            autoComplete="off"
            aria-invalid={entries.some(([other], at) => other === key && at !== place) || undefined}
            value={key}
            onChange={(event) => set(place, event.target.value, one)}
          />
          <Field
            isBare
            name={say.valueOf(place + 1, name)}
            path={[...path, key]}
            schema={values}
            value={one}
            isRequired
            onChange={(next) => set(place, key, next)}
          />
          <span className="item-tools">
            <Tool
              icon="cross"
              label={say.remove(say.entry(place + 1, name))}
              onClick={() => (rows.remove(place), change(entries.filter((_, other) => other !== place)))}
            />
          </span>
        </div>
      ))}
      <div>
        <button
          type="button"
          className="small"
          id={control.id}
          onClick={() => {
            change([...entries, ["", initial(values, components)]]);
            // the new row is there after the next paint
            requestAnimationFrame(() =>
              ref.current?.querySelector<HTMLElement>(`[data-row="${entries.length}"] input`)?.focus(),
            );
          }}
        >
          <Icon name="plus" size={15} />
          {say.addEntry}
        </button>
      </div>
    </div>
  );
}

function entriesOf(value: unknown): Entry[] {
  if (value instanceof Unread) {
    try {
      return parse(value.text) as Entry[];
    } catch {
      return [];
    }
  }
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

/** The object of the entries, or what keeps them from being one. */
function madeOf(entries: Entry[]): unknown {
  const keys = entries.map(([key]) => key);
  const twice = keys.find((key, place) => keys.indexOf(key) !== place);
  const wrong = keys.includes("") ? say.problems.noKey : twice === undefined ? null : say.duplicate(twice);
  if (!wrong) return Object.fromEntries(entries);
  return new Unread(stringify(entries.map(([key, one]) => [key, finished(one) ?? null])), wrong);
}
