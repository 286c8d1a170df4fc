import { useState } from "react";
import { same } from "./exact";

/**
 * The text of a field that stays as it was typed ("1.", "0x") while it is read as a value; another value that comes from
 * elsewhere replaces it.
 */
export function useTyped(
  value: unknown,
  onChange: (value: unknown) => void,
  format: (value: unknown) => string,
  read: (text: string) => unknown,
): [string, (text: string) => void] {
  const [typed, setTyped] = useState({ text: format(value), value });
  const isOwn = same(typed.value, value);
  if (!isOwn) setTyped({ text: format(value), value });
  return [
    isOwn ? typed.text : format(value),
    (text) => {
      const next = read(text);
      setTyped({ text, value: next });
      onChange(next);
    },
  ];
}
