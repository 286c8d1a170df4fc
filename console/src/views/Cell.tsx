import { resolve, type Components, type Schema } from "../schema";
import { exactly } from "../ui/time";
import { words } from "../words";
import { isFile } from "./kind";
import { FileView } from "./FileView";
import { formatted, formattedDecimal, isRounded } from "./number";
import { fitting } from "./kind";

const LONG = 200;

/** A value in one line. */
export function Cell({ value, schema, components }: { value: unknown; schema: Schema; components: Components }) {
  if (value === null || value === undefined) return <span className="muted">{words.ui.never}</span>;
  if (typeof value === "number") {
    const title = isRounded(value) ? words.views.rounded : String(value);
    return <span title={title}>{(isRounded(value) ? "≈ " : "") + formatted(value)}</span>;
  }
  if (typeof value === "boolean") return value ? words.views.yes : words.views.no;
  if (typeof value === "string") return <Text value={value} schema={schema} components={components} />;
  if (isFile(value)) return <FileView file={value} />;
  const json = JSON.stringify(value);
  return <code title={json.slice(0, 2000)}>{json.length > LONG ? `${json.slice(0, LONG)}…` : json}</code>;
}

function Text({ value, schema, components }: { value: string; schema: Schema; components: Components }) {
  const { format } = schema.anyOf || schema.oneOf ? fitting(schema, components, value) : resolve(schema, components);
  if (format === "decimal") return <span title={value}>{formattedDecimal(value)}</span>;
  if (format === "uuid" || format === "duration") return <span className="mono">{value}</span>;
  if (format === "date-time" && !Number.isNaN(Date.parse(value))) {
    return (
      <time dateTime={value} title={value}>
        {exactly(new Date(value))}
      </time>
    );
  }
  return value.length > LONG ? <span title={value.slice(0, 2000)}>{value.slice(0, LONG)}…</span> : value;
}
