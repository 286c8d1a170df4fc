/** Numbers as people read them. */

const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 6 });
const scientific = new Intl.NumberFormat(undefined, { notation: "scientific", maximumSignificantDigits: 6 });
const decimal =
  Intl.NumberFormat(undefined)
    .formatToParts(0.5)
    .find((part) => part.type === "decimal")?.value ?? ".";

/** With six digits that matter; whole numbers with all of theirs. */
export function formatted(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e21) return whole.format(value);
  const size = Math.abs(value);
  return (size >= 1e-4 && size < 1e9 ? short : scientific).format(value);
}

/** Whether a browser may have rounded it as it was read. */
export const isRounded = (value: number): boolean => Number.isInteger(value) && !Number.isSafeInteger(value);

/** A decimal as the server writes it, all of its digits, in groups: "1234.50" is "1,234.50". */
export function formattedDecimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign, digits, places] = match;
  return `${sign}${whole.format(BigInt(digits!))}${places ? decimal + places : ""}`;
}

const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** A size in bytes: "1.5 MB". */
export function size(bytes: number): string {
  let unit = 0;
  while (bytes >= 1000 && unit < UNITS.length - 1) {
    bytes /= 1000;
    unit++;
  }
  return `${new Intl.NumberFormat(undefined, { maximumFractionDigits: unit ? 1 : 0 }).format(bytes)} ${UNITS[unit]}`;
}
