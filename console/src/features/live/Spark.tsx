import { words } from "../../words";
import { formatted } from "../../views/number";
import { fieldsOf, type Point } from "./history";

const WIDTH = 240;
const HEIGHT = 40;

/** The numbers of a value over time as small lines, each within its own range. */
export function Spark({ points, name }: { points: readonly Point[]; name: string }) {
  const fields = fieldsOf(points);
  if (points.length < 2 || !fields.length) return null;
  const lines = fields.map((field) => lineOf(points, field));
  const isNamed = fields.length > 1 || fields[0] !== "";
  return (
    <div className="spark">
      <svg
        role="img"
        aria-label={lines.map((line) => described(line, line.field || name)).join("; ")}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
      >
        {lines.map(({ field, path }, i) => (
          <path key={field} d={path} stroke={`var(--series-${i + 1})`} vectorEffect="non-scaling-stroke" />
        ))}
      </svg>
      {isNamed && (
        <ul className="spark-names" aria-hidden="true">
          {fields.map((field, i) => (
            <li key={field}>
              <i style={{ background: `var(--series-${i + 1})` }} />
              {field}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

interface Line {
  field: string;
  path: string;
  from: number;
  to: number;
  now: number;
}

/** The path of a field, broken where nobody looked. */
export function lineOf(points: readonly Point[], field: string): Line {
  const values = points.map(({ numbers }) => numbers[field]);
  const known = values.filter((value): value is number => value !== undefined);
  const [from, to] = [Math.min(...known), Math.max(...known)];
  const [begin, end] = [points[0]!.at, points.at(-1)!.at];
  const place = (at: number) => round(((at - begin) / (end - begin || 1)) * WIDTH);
  const height = (value: number) =>
    to > from ? round(HEIGHT - 2 - ((value - from) / (to - from)) * (HEIGHT - 4)) : HEIGHT / 2;
  let isBroken = true;
  let path = "";
  values.forEach((value, i) => {
    if (value === undefined) return void (isBroken = true);
    path += `${isBroken ? "M" : "L"}${place(points[i]!.at)} ${height(value)}`;
    isBroken = false;
  });
  return { field, path, from, to, now: known.at(-1) ?? NaN };
}

const round = (n: number): number => Math.round(n * 10) / 10;

const described = ({ from, to, now }: Line, name: string): string =>
  words.live.spark(name, formatted(from), formatted(to), formatted(now));
