import { words } from "../../words";
import type { WidgetProps } from "../context";
import { same } from "../exact";
import type { Shape } from "../kind";
import { textOf } from "./TextField";

const say = words.form;

/** So many choices of so many characters in all are seen at once. */
const FEW = 4;
const SHORT = 40;

/** Whether all choices are shown side by side. */
export function isRadio({ kind, schema, isNullable }: Shape): boolean {
  if (kind === "boolean") return isNullable;
  if (kind !== "choice") return false;
  const labels = schema.enum!.map(textOf);
  return labels.length <= FEW && labels.join("").length <= SHORT;
}

interface Option {
  label: string;
  value: unknown;
}

function options({ shape, canUnset, empty }: WidgetProps): Option[] {
  const unset = canUnset ? [{ label: say.notSet, value: empty as unknown }] : [];
  if (shape.kind === "boolean") return [...unset, { label: say.yes, value: true }, { label: say.no, value: false }];
  return [...unset, ...shape.schema.enum!.map((one) => ({ label: one === null ? "null" : textOf(one), value: one }))];
}

/** One of several values. */
export function ChoiceField(props: WidgetProps) {
  const { shape, value, onChange, control, name } = props;
  const all = options(props);
  const chosen = all.findIndex((one) => same(one.value, value));
  if (isRadio(shape)) {
    return (
      <Radios
        name={name}
        id={control.id}
        labels={all.map((one) => one.label)}
        chosen={chosen}
        isInvalid={!!control["aria-invalid"]}
        onChoose={(place) => onChange(all[place]!.value)}
      />
    );
  }
  return (
    <select {...control} value={chosen} onChange={(event) => onChange(all[Number(event.target.value)]!.value)}>
      {chosen < 0 && (
        <option value={-1} disabled>
          {say.choose}
        </option>
      )}
      {all.map((one, place) => (
        <option key={place} value={place}>
          {one.label}
        </option>
      ))}
    </select>
  );
}

/** Choices side by side, as one stop of the Tab key. */
export function Radios(props: {
  id: string;
  name: string;
  labels: string[];
  chosen: number;
  isInvalid?: boolean;
  onChoose: (place: number) => void;
}) {
  return (
    <div className="choices" role="radiogroup" aria-label={props.name} aria-invalid={props.isInvalid || undefined}>
      {props.labels.map((label, place) => (
        <label key={place} className="choice">
          <input type="radio" name={props.id} checked={place === props.chosen} onChange={() => props.onChoose(place)} />
          <span>{label}</span>
        </label>
      ))}
    </div>
  );
}
