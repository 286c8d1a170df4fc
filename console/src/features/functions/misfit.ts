/** Where a server's refusal of params belongs. Its words: "parameter 'x': expected `int`, got `str` at `x.sizes[2]`". */
import type { Refusal } from "../../form/problems";

const ABOUT = /^parameter '([^']*)'(?:: ([^]*)| (is missing[^]*))$/;
const WHERE = / at `([^`]*)`(?=$|; expected one of )/;
const STEP = /\.([^.[]+)|\[(\d+)\]/y;

/** What is wrong, and at which field; without a path where the words name none. */
export function refusalFrom(text: string): Refusal {
  const [, name, about, missing] = ABOUT.exec(text) ?? [];
  if (name === undefined) return { path: [], text: capital(text) };
  const said = about ?? missing ?? "";
  const where = WHERE.exec(said)?.[1] ?? name;
  return { path: [name, ...stepsOf(where.slice(name.length))], text: capital(said.replace(WHERE, "")) };
}

/** The steps of a path as far as they are known: of dictionaries the server does not tell the key. */
function stepsOf(path: string): (string | number)[] {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  for (let match = STEP.exec(path); match; match = STEP.exec(path)) {
    steps.push(match[1] ?? Number(match[2]));
  }
  return steps;
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
