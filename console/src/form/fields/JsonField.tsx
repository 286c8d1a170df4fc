import { words } from "../../words";
import type { WidgetProps } from "../context";
import { parse, stringify } from "../exact";
import { useTyped } from "../typed";
import { finished, numberFrom, Unread } from "../value";

const say = words.form;

/** Any value as JSON; rows of numbers also as a spreadsheet copies them. */
export function JsonField({ shape, value, onChange, control, empty, canUnset }: WidgetProps) {
  const isRows = shape.kind !== "any";
  const read = (text: string): unknown => {
    if (!text.trim()) return empty;
    try {
      return parse(text);
    } catch (error) {
      const rows = isRows ? rowsFrom(text) : null;
      return rows ?? new Unread(text, say.problems.json((error as Error).message));
    }
  };
  const format = (one: unknown) => (one instanceof Unread ? one.text : one === empty ? "" : shown(finished(one)));
  const [text, type] = useTyped(value, onChange, format, read);
  const isTable = isRows && Array.isArray(value) && value.length > 0 && value.every(Array.isArray);
  return (
    <>
      <textarea
        {...control}
        className="mono json"
        rows={3}
        spellCheck={false}
        autoComplete="off"
        placeholder={canUnset ? say.notSet : undefined}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
      <p className="field-hint">
        {isTable
          ? say.rows(value.length, Math.max(...value.map((row: unknown[]) => row.length)))
          : isRows
            ? say.tableHint
            : say.anyHint}
      </p>
    </>
  );
}

/** Lists of single values on a line each: rows stay rows. */
function shown(value: unknown): string {
  if (!Array.isArray(value) || !value.some(Array.isArray))
    return stringify(value, Array.isArray(value) ? undefined : 2);
  return `[\n${value.map((row) => `  ${stringify(row)}`).join(",\n")}\n]`;
}

/** Numbers in lines, parted by tabs, semicolons, commas or spaces; null if there is anything else. */
export function rowsFrom(text: string): unknown[][] | null {
  const lines = text.split(/\r?\n/).filter((line) => line.trim());
  const rows = lines.map((line) => {
    const cells = line.trim().split(/\s*[\t;,]\s*|\s+/);
    return cells.map((cell) => numberFrom(cell, true) ?? numberFrom(cell, false));
  });
  return rows.length && rows.every((row) => row.every((cell) => cell !== undefined)) ? rows : null;
}
