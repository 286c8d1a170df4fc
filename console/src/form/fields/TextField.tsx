import { useState, type KeyboardEvent } from "react";
import { words } from "../../words";
import type { WidgetProps } from "../context";
import { stringify } from "../exact";
import { Unread } from "../value";

const say = words.form;

export const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value
    : value instanceof Unread
      ? value.text
      : value === null || value === undefined
        ? ""
        : stringify(value);

/** Enter sends, as in a field of a line; with Shift it begins a new one. */
function sendOnEnter(event: KeyboardEvent<HTMLTextAreaElement>) {
  if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.nativeEvent.isComposing) return;
  event.preventDefault();
  event.currentTarget.form?.requestSubmit();
}

/** A text. It grows with its lines: what is pasted loses none. */
export function TextField({ shape, value, onChange, control, canUnset, isRequired }: WidgetProps) {
  const isLong = shape.kind === "longtext";
  const { maxLength, minLength, pattern } = shape.schema;
  const canBeEmpty = !minLength && !pattern;
  return (
    <>
      <textarea
        {...control}
        className={isLong ? "long" : "line"}
        rows={isLong ? 4 : 1}
        value={textOf(value)}
        placeholder={value === undefined || value === null ? (canUnset ? say.notSet : undefined) : undefined}
        spellCheck={isLong}
        autoComplete="off"
        autoCapitalize="off"
        data-limit={maxLength}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={isLong ? undefined : sendOnEnter}
      />
      {value === "" && canUnset && <p className="field-hint">{say.emptyText}</p>}
      {value === undefined && isRequired && control["aria-invalid"] && canBeEmpty && (
        <p>
          <button type="button" className="small" onClick={() => onChange("")}>
            {say.sendEmpty}
          </button>
        </p>
      )}
    </>
  );
}

/** A text that never has more than a line: a decimal, a UUID, a secret. Left empty, it is not set. */
export function LineField({ shape, value, onChange, control, canUnset, empty }: WidgetProps) {
  const [isShown, setShown] = useState(false);
  const isSecret = shape.kind === "password";
  const input = (
    <input
      {...control}
      type={isSecret && !isShown ? "password" : "text"}
      inputMode={shape.kind === "decimal" ? "decimal" : undefined}
      className={shape.kind === "uuid" ? "mono" : shape.kind === "decimal" ? "numeric" : undefined}
      autoComplete={isSecret ? "new-password" : "off"}
      autoCapitalize="off"
      spellCheck={false}
      placeholder={canUnset ? say.notSet : undefined}
      value={textOf(value)}
      onChange={(event) => {
        const text = isSecret ? event.target.value : event.target.value.trim();
        onChange(text === "" ? empty : text);
      }}
    />
  );
  if (!isSecret) return input;
  return (
    <div className="field-row">
      {input}
      <button type="button" aria-pressed={isShown} onClick={() => setShown(!isShown)}>
        {isShown ? say.hide : say.show}
      </button>
    </div>
  );
}

/** What cannot be anything else. */
export function ConstField({ shape, control }: WidgetProps) {
  const { schema, kind } = shape;
  const value = kind === "null" ? null : (schema.const ?? schema.enum?.[0]);
  return (
    <output className="mono" id={control.id}>
      {stringify(value)}
    </output>
  );
}
