import { useMemo, type ReactNode } from "react";
import type { Components, Schema } from "../schema";
import { Markdown } from "../ui/Markdown";
import { words } from "../words";
import { ImageView, FileView } from "./FileView";
import { Json } from "./Json";
import { choose, type Choice } from "./kind";
import { Members } from "./Members";
import { Bytes, Decimal, NumberView, TextView, TimeView } from "./Scalars";
import { TableOrPlot } from "./TableOrPlot";

export interface ShownProps {
  value: unknown;
  schema: Schema;
  components: Components;
  name: string;
  isLive: boolean;
  isCompact: boolean;
  /** How many objects it stands in. */
  depth: number;
  /** What stands below it, or in one line with what it has there itself. */
  ways?: ReactNode;
}

/** A value by the view that suits it. */
export function Shown(props: ShownProps) {
  const { value, schema, components, name, isCompact, ways } = props;
  const choice = useMemo(() => choose(value, schema, components), [value, schema, components]);
  if (choice.kind === "table") {
    return <TableOrPlot {...choice} name={name} components={components} isCompact={isCompact} ways={ways} />;
  }
  return (
    <>
      <Chosen {...props} choice={choice} />
      {ways}
    </>
  );
}

type Other = Exclude<Choice, { kind: "table" }>;

function Chosen({ value, components, name, isLive, isCompact, depth, choice }: ShownProps & { choice: Other }) {
  const inner = { components, isLive, isCompact, depth: depth + 1 };
  switch (choice.kind) {
    case "null":
      return <p className="muted">{choice.isNumber ? words.views.notFinite : words.views.nothing}</p>;
    case "number":
      return <NumberView value={choice.value} />;
    case "boolean":
      return <p className="view-figure">{choice.value ? words.views.yes : words.views.no}</p>;
    case "decimal":
      return <Decimal value={choice.value} />;
    case "text":
      return <TextView value={choice.value} />;
    case "id":
    case "duration":
      return <p className="mono">{choice.value}</p>;
    case "markdown":
      return <Markdown text={choice.value} />;
    case "time":
      return <TimeView value={choice.value} format={choice.format} />;
    case "bytes":
      return <Bytes value={choice.value} name={name} />;
    case "image":
      return <ImageView source={choice.source} name={name} />;
    case "file":
      return <FileView file={choice.file} />;
    case "empty":
      return <p className="muted">{choice.of === "list" ? words.views.emptyList : words.views.emptyObject}</p>;
    case "list":
      return (
        <div className="view-list">
          {choice.items.map((item, place) => (
            <Shown key={place} {...inner} value={item} schema={choice.schema} name={`${name} ${place + 1}`} />
          ))}
        </div>
      );
    case "members":
      return <Members {...inner} value={choice.value} schema={choice.schema} name={name} />;
    case "json":
      return <Json value={value} name={name} />;
  }
}
