import { words } from "../../words";
import type { WidgetProps } from "../context";
import { limitProblem } from "../limits";
import { useTyped } from "../typed";
import { Unread } from "../value";
import { textOf } from "./TextField";

const PARTS =
  /^(?:([\d.]+)\s*d(?:ays?)?)?\s*(?:([\d.]+)\s*h(?:ours?)?)?\s*(?:([\d.]+)\s*m(?:in(?:utes?)?)?)?\s*(?:([\d.]+)\s*s(?:ec(?:onds?)?)?)?$/i;
const CLOCK = /^(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$/;

/** ISO 8601 for what people write: "1h 30m", "90s", "1:30:00". Null for what is nothing of that. */
export function durationFrom(text: string): string | null {
  const plain = text.trim();
  if (!limitProblem(plain.toUpperCase(), "duration", {}) && plain) return plain.toUpperCase();
  const [, hours, minutes, seconds] = CLOCK.exec(plain) ?? [];
  if (hours) return `PT${Number(hours)}H${Number(minutes)}M${seconds ? `${Number(seconds)}S` : ""}`;
  const found = PARTS.exec(plain);
  if (!found || !/\d/.test(plain)) return null;
  const [d, h, m, s] = found.slice(1).map((part) => (part === undefined ? "" : String(Number(part))));
  if ([d, h, m, s].includes("NaN")) return null;
  const time = `${h && `${h}H`}${m && `${m}M`}${s && `${s}S`}`;
  return `P${d && `${d}D`}${time && `T${time}`}`;
}

const ISO = /^P(?:([\d.]+)D)?(?:T(?:([\d.]+)H)?(?:([\d.]+)M)?(?:([\d.]+)S)?)?$/i;
const SECONDS = [86_400, 3_600, 60, 1];

/** What people write for ISO 8601: "1h 30m" for "PT5400S". What is written in other units stays as it is. */
export function durationText(value: unknown): string {
  const found = typeof value === "string" && value ? ISO.exec(value) : null;
  if (!found) return textOf(value);
  let left = found.slice(1).reduce((sum, part, unit) => sum + Number(part ?? 0) * SECONDS[unit]!, 0);
  const parts = ["d", "h", "m"].map((unit, place) => {
    const count = Math.floor(left / SECONDS[place]!);
    left -= count * SECONDS[place]!;
    return count ? `${count}${unit}` : "";
  });
  const s = Number(left.toFixed(6));
  return [...parts, s || !parts.join("") ? `${s}s` : ""].filter(Boolean).join(" ");
}

/** How long something lasts. */
export function DurationField({ value, onChange, control, empty }: WidgetProps) {
  const read = (text: string) =>
    text.trim() ? (durationFrom(text) ?? new Unread(text, words.form.problems.duration)) : empty;
  const [text, type] = useTyped(value, onChange, durationText, read);
  const isOther = typeof value === "string" && value !== text;
  return (
    <>
      <input
        {...control}
        type="text"
        className="numeric"
        autoComplete="off"
        spellCheck={false}
        value={text}
        onChange={(event) => type(event.target.value)}
      />
      <p className="field-hint">{isOther ? value : words.form.durationHint}</p>
    </>
  );
}
