/** JSON in which integers stay exact: those that a number of JavaScript cannot hold are of type `bigint`. */

const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Put around the digits of an integer for a moment; nobody types it. */
const MARK = "\u0001\u0002";
const MARKED = new RegExp(`^${MARK}-?\\d+$`);
const WRITTEN = /"\\u0001\\u0002(-?\d+)"/g;

/** The value of a JSON text. Throws `SyntaxError`. */
export function parse(text: string): unknown {
  JSON.parse(text); // its words are about the text as it is
  const marked = text.replace(TOKEN, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? JSON.stringify(MARK + token) : token,
  );
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === "string" && MARKED.test(value) ? BigInt(value.slice(MARK.length)) : value,
  );
}

/** The JSON text of a value; undefined if there is none. */
export function stringify(value: unknown, indent?: number): string {
  const text = JSON.stringify(
    value,
    (_, one: unknown) => (typeof one === "bigint" ? ((MARK + one.toString()) as unknown) : one),
    indent,
  ) as string | undefined;
  return (text ?? "").replace(WRITTEN, "$1");
}

/** The number that a text of digits stands for, exactly. */
export function integer(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text.replace(/^\+/, ""));
}

/** Whether two values are the same JSON. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || !a || !b) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((one, place) => same(one, b[place]))
    );
  }
  if (a.constructor !== b.constructor && a.constructor && b.constructor) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, one]) => right.has(key) && same(one, right.get(key)));
}
