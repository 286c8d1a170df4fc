/** Which widget a field of a kind has. */
import type { ComponentType } from "react";
import type { Components } from "../schema";
import type { WidgetProps } from "./context";
import { BooleanField } from "./fields/BooleanField";
import { BytesField } from "./fields/BytesField";
import { ChoiceField } from "./fields/ChoiceField";
import { DictionaryField } from "./fields/DictionaryField";
import { DurationField } from "./fields/DurationField";
import { FileField, FilesField, isFiles } from "./fields/FileField";
import { JsonField } from "./fields/JsonField";
import { ListField } from "./fields/ListField";
import { MomentField } from "./fields/MomentField";
import { NumberField } from "./fields/NumberField";
import { ObjectField } from "./fields/ObjectField";
import { ConstField, LineField, TextField } from "./fields/TextField";
import { TupleField } from "./fields/TupleField";
import { UnionField } from "./fields/UnionField";
import type { Kind, Shape } from "./kind";

const WIDGETS: Record<Kind, ComponentType<WidgetProps>> = {
  boolean: BooleanField,
  integer: NumberField,
  number: NumberField,
  decimal: LineField,
  text: TextField,
  longtext: TextField,
  password: LineField,
  uuid: LineField,
  choice: ChoiceField,
  const: ConstField,
  date: MomentField,
  time: MomentField,
  "date-time": MomentField,
  duration: DurationField,
  bytes: BytesField,
  file: FileField,
  object: ObjectField,
  list: ListField,
  table: JsonField,
  tuple: TupleField,
  dictionary: DictionaryField,
  union: UnionField,
  null: ConstField,
  any: JsonField,
};

export function widgetOf(shape: Shape, components: Components): ComponentType<WidgetProps> {
  if (shape.kind === "boolean" && shape.isNullable) return ChoiceField;
  return isFiles(shape, components) ? FilesField : WIDGETS[shape.kind];
}
