import { words } from "../../words";
import { useForm, type WidgetProps } from "../context";
import { Field } from "../Field";
import { SINGLE, shapeOf } from "../kind";

/** A list of so many values, each of its own kind. */
export function TupleField({ shape, value, onChange, path }: WidgetProps) {
  const { components } = useForm();
  const { prefixItems = [], minItems = prefixItems.length } = shape.schema;
  const given = Array.isArray(value) ? (value as unknown[]) : [];
  const isFlat = prefixItems.every((item) => SINGLE.has(shapeOf(item, components).kind));
  return (
    <div className={isFlat ? "cells" : "members"}>
      {prefixItems.map((item, place) => (
        <Field
          key={place}
          name={item.title ?? words.form.item(place + 1)}
          path={[...path, place]}
          schema={item}
          value={given[place]}
          isRequired={place < minItems}
          onChange={(one) => onChange(prefixItems.map((_, other) => (other === place ? one : given[other])))}
        />
      ))}
    </div>
  );
}
