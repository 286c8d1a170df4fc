import type { WidgetProps } from "../context";

/** Yes or no. */
export function BooleanField({ value, onChange, control }: WidgetProps) {
  return (
    <input {...control} type="checkbox" checked={value === true} onChange={(event) => onChange(event.target.checked)} />
  );
}
