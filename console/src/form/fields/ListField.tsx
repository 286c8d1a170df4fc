import { useRef, useState, type ClipboardEvent } from "react";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import { useForm, type WidgetProps } from "../context";
import { Field } from "../Field";
import { SINGLE, shapeOf, type Kind } from "../kind";
import { moved, useRowKeys } from "../rows";
import { initial } from "../value";
import { JsonField } from "./JsonField";
import { pieces, Several } from "./Several";

const say = words.form;

/** Longer lists of single values are a text, in which they can be seen and changed at once. */
const MANY = 60;

/** A list, an item a row. */
export function ListField(props: WidgetProps) {
  const { shape, value, onChange, path, name, control } = props;
  const { components } = useForm();
  const item = shape.schema.items || {};
  const kind = shapeOf(item, components).kind;
  const given = Array.isArray(value) ? (value as unknown[]) : [];
  const rows = useRowKeys(given.length);
  const [isAddingMany, setAddingMany] = useState(false);
  const ref = useRef<HTMLDivElement>(null);
  const add = (...items: unknown[]) => {
    onChange([...given, ...items]);
    const count = given.length + items.length;
    // the new row is there after the next paint
    requestAnimationFrame(() =>
      ref.current?.querySelector<HTMLElement>(`[data-row="${count - 1}"] :is(${CONTROLS})`)?.focus(),
    );
  };
  if (SINGLE.has(kind) && given.length > MANY) return <JsonField {...props} />;
  const isQuick = kind === "text" || kind === "integer" || kind === "number";
  return (
    <div className="stack list" ref={ref}>
      {given.length === 0 && <p className="muted">{say.noItems}</p>}
      {given.map((one, place) => (
        <Row
          key={rows.keys[place]}
          place={place}
          name={say.itemOf(place + 1, name)}
          isSingle={SINGLE.has(kind) && kind !== "longtext"}
          isLast={place === given.length - 1}
          onMove={(to) => (rows.move(place, to), onChange(moved(given, place, to)))}
          onRemove={() => (rows.remove(place), onChange(given.filter((_, other) => other !== place)))}
          onPaste={
            isQuick ? (text) => pasted(text, kind, (all) => onChange(given.toSpliced(place, 1, ...all))) : undefined
          }
        >
          <Field
            name={say.itemOf(place + 1, name)}
            isBare
            path={[...path, place]}
            schema={item}
            value={one}
            isRequired
            onChange={(next) => onChange(given.with(place, next))}
          />
        </Row>
      ))}
      <div className="row">
        <button
          type="button"
          className="small"
          id={control.id}
          aria-label={say.addTo(name)}
          onClick={() => add(initial(item, components))}
        >
          <Icon name="plus" size={15} />
          {say.add}
        </button>
        {isQuick && !isAddingMany && (
          <button type="button" className="quiet small" onClick={() => setAddingMany(true)}>
            {say.several}
          </button>
        )}
      </div>
      {isAddingMany && (
        <Several
          kind={kind}
          onAdd={(items) => (setAddingMany(false), add(...items))}
          onClose={() => setAddingMany(false)}
        />
      )}
    </div>
  );
}

const CONTROLS = "input, select, textarea, button:not(.row-tool)";

/** Several values that are pasted into one row become rows. */
function pasted(text: string, kind: Kind, take: (items: unknown[]) => void): boolean {
  const isOne = kind === "text" ? !/[\r\n]./.test(text.trim()) : !/[\s,;]/.test(text.trim());
  const { items, wrong } = pieces(text, kind);
  if (isOne || wrong.length || items.length < 2) return false;
  take(items);
  return true;
}

function Row(props: {
  place: number;
  name: string;
  isSingle: boolean;
  isLast: boolean;
  onMove: (to: number) => void;
  onRemove: () => void;
  onPaste: ((text: string) => boolean) | undefined;
  children: React.ReactNode;
}) {
  const { place, name, onMove } = props;
  const paste = (event: ClipboardEvent) => {
    if (props.onPaste?.(event.clipboardData.getData("text/plain"))) event.preventDefault();
  };
  return (
    <div className={props.isSingle ? "item" : "item card"} data-row={place} onPaste={paste}>
      <span className="item-number" aria-hidden="true">
        {place + 1}
      </span>
      {props.children}
      <span className="item-tools">
        <Tool icon="up" label={say.moveUp(name)} isOff={place === 0} onClick={() => onMove(place - 1)} />
        <Tool icon="down" label={say.moveDown(name)} isOff={props.isLast} onClick={() => onMove(place + 1)} />
        <Tool icon="cross" label={say.remove(name)} onClick={props.onRemove} />
      </span>
    </div>
  );
}

export function Tool(props: { icon: "up" | "down" | "cross"; label: string; isOff?: boolean; onClick: () => void }) {
  return (
    <button
      type="button"
      className="quiet small icon-button row-tool"
      aria-label={props.label}
      title={props.label}
      disabled={props.isOff}
      onClick={props.onClick}
    >
      <Icon name={props.icon} size={15} />
    </button>
  );
}
