import { words } from "../../words";
import type { WidgetProps } from "../context";
import { isDay } from "../limits";
import { Unread } from "../value";
import { textOf } from "./TextField";

const say = words.form;

const two = (n: number, digits = 2) => String(n).padStart(digits, "0");

/** A moment as an input of type `datetime-local` has it; null if there is no such. */
export function localOf(text: string): string | null {
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/.test(text)) return text; // of no zone
  const at = new Date(text);
  if (Number.isNaN(at.getTime()) || at.getFullYear() < 1 || at.getFullYear() > 9999) return null;
  const day = `${two(at.getFullYear(), 4)}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const ms = at.getMilliseconds() ? `.${two(at.getMilliseconds(), 3)}` : "";
  return `${day}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${ms}`;
}

/** The moment of a local time, with the offset that is in force then (RFC 3339). */
export function momentOf(local: string): string {
  const minutes = -new Date(local).getTimezoneOffset();
  const sign = minutes < 0 ? "-" : "+";
  const offset = `${sign}${two(Math.floor(Math.abs(minutes) / 60))}:${two(Math.abs(minutes) % 60)}`;
  return (local.length === 16 ? `${local}:00` : local) + (minutes ? offset : "Z");
}

const CLOCK = /^\d\d:\d\d(:\d\d(\.\d{1,3})?)?$/;
const DAY = /^(?!0000)\d{4}-\d\d-\d\d$/;

const WAYS = {
  date: {
    type: "date",
    last: "9999-12-31",
    show: (text: string) => (DAY.test(text) && isDay(text) ? text : null),
    read: (text: string) => text,
  },
  time: {
    type: "time",
    last: undefined,
    show: (text: string) => (CLOCK.test(text) ? text : null),
    read: (text: string) => (text.length === 5 ? `${text}:00` : text),
  },
  "date-time": { type: "datetime-local", last: "9999-12-31T23:59:59", show: localOf, read: momentOf },
} as const;

/** A day, a time or a moment; as text where the browser's own input cannot show it. */
export function MomentField({ shape, value, onChange, control, empty }: WidgetProps) {
  const way = WAYS[shape.kind as keyof typeof WAYS];
  const text = textOf(value);
  const shown = text && !(value instanceof Unread) ? way.show(text) : "";
  const isTyped = shown === null || (value instanceof Unread && text !== "");
  const read = (input: HTMLInputElement) => {
    if (isTyped) return onChange(input.value === "" ? empty : input.value);
    if (input.value) return onChange(way.read(input.value));
    if (input.validity.badInput) return onChange(new Unread("", say.problems.unread));
    if (text || value instanceof Unread) onChange(empty);
  };
  return (
    <>
      <input
        {...control}
        type={isTyped ? "text" : way.type}
        step={shape.kind === "date" ? undefined : shown?.includes(".") ? "0.001" : "1"}
        max={isTyped ? undefined : way.last} // so that years end after four digits
        className="moment"
        value={isTyped ? text : (shown ?? "")}
        onChange={(event) => read(event.target)}
        onBlur={(event) => !event.target.value && read(event.target)}
      />
      {shape.kind === "date-time" && <p className="field-hint">{say.localTime(zone())}</p>}
    </>
  );
}

/** "Europe/Vienna (UTC+1)". */
function zone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const hours = -new Date().getTimezoneOffset() / 60;
  return hours ? `${timeZone} (UTC${hours > 0 ? "+" : "−"}${Math.abs(hours)})` : timeZone;
}
