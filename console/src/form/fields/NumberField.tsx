import { words } from "../../words";
import type { WidgetProps } from "../context";
import { useTyped } from "../typed";
import { isStated, numberFrom, Unread } from "../value";
import { textOf } from "./TextField";

/** A number, as it is typed: a field of type `number` would round large ones, and take the wheel for a change. */
export function NumberField({ shape, value, onChange, control, canUnset, empty }: WidgetProps) {
  const isInteger = shape.kind === "integer";
  const read = (text: string) => {
    if (!text.trim()) return empty;
    return numberFrom(text, isInteger) ?? new Unread(text, words.form.problems[isInteger ? "integer" : "number"]);
  };
  const [text, type] = useTyped(value, onChange, textOf, read);
  const { default: stated } = shape.schema;
  const isDefault = stated !== undefined && stated !== null && isStated(shape.schema);
  return (
    <input
      {...control}
      type="text"
      inputMode={isInteger ? "numeric" : "decimal"}
      autoComplete="off"
      spellCheck={false}
      className="numeric"
      placeholder={isDefault ? words.form.defaultIs(textOf(stated)) : canUnset ? words.form.notSet : undefined}
      value={text}
      onChange={(event) => type(event.target.value)}
    />
  );
}
