import { useMemo } from "react";
import { Link } from "wouter";
import type { LiveInfo } from "../../registry/domain";
import { branches, resolve, type Components, type Schema } from "../../schema";
import { Icon } from "../../ui/Icon";
import { Markdown } from "../../ui/Markdown";
import { ChartView } from "../../views/ChartView";
import type { Chart } from "../../views/series";
import { words } from "../../words";
import { fieldsOf, type Point } from "./history";
import { Changed, Present } from "./LiveCard";
import { useLive } from "./queries";

const w = words.live;

/** A live value with its history at large, and what it means. */
export function LiveDetails({ info, components }: { info: LiveInfo; components: Components }) {
  const live = useLive(info.name, info.every);
  const chart = useMemo(() => chartOf(live.points), [live.points]);
  return (
    <>
      <div>
        <Link href="/live" className="live-back">
          <Icon name="left" size={14} />
          {w.back}
        </Link>
        <h1>{info.name}</h1>
        {info.summary && <p>{info.summary}</p>}
        <p className="muted small-text">{info.every === null ? w.byHand : w.every(info.every)}</p>
      </div>
      <section className="card stack" aria-label={w.now}>
        <div className="row apart">
          <h2>{w.now}</h2>
          <Changed live={live} />
        </div>
        <Present live={live} info={info} components={components} />
      </section>
      {fieldsOf(live.points).length > 0 && (
        <section className="card stack" aria-label={w.history}>
          <h2>{w.history}</h2>
          {chart ? (
            <>
              <ChartView chart={chart} name={w.historyOf(info.name)} isCompact={false} />
              <p className="muted small-text">{w.historyText}</p>
            </>
          ) : (
            <p className="muted">{w.noHistory}</p>
          )}
        </section>
      )}
      <About info={info} components={components} />
    </>
  );
}

function chartOf(points: readonly Point[]): Chart | null {
  const fields = fieldsOf(points);
  if (points.length < 2) return null;
  return {
    kind: "line",
    title: "",
    x: { label: w.time, type: "time", isLog: false, values: points.map(({ at }) => at / 1000), texts: [] },
    y: { label: "", type: "number", isLog: false },
    series: fields.map((field) => ({
      label: field || w.value,
      values: points.map(({ numbers }) => numbers[field] ?? null),
    })),
    isSeries: true,
  };
}

function About({ info, components }: { info: LiveInfo; components: Components }) {
  const schema = resolve(info.schema, components);
  const members = Object.entries(schema.properties ?? {});
  const text = schema.description ?? "";
  if (!info.description && !text && !members.length) return null;
  return (
    <section className="card stack" aria-label={w.type}>
      <h2>{w.type}</h2>
      <Markdown text={info.description} />
      {text !== info.summary && <Markdown text={text} />}
      {members.length > 0 && (
        <div className="scroll" tabIndex={0} role="region" aria-label={w.type}>
          <table>
            <thead>
              <tr>
                <th scope="col">{w.member}</th>
                <th scope="col">{w.kind}</th>
                <th scope="col">{w.meaning}</th>
              </tr>
            </thead>
            <tbody>
              {members.map(([name, member]) => (
                <tr key={name}>
                  <td>
                    <code>{name}</code>
                  </td>
                  <td>{typeText(member, components)}</td>
                  <td>{resolve(member, components).description ?? ""}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function typeText(schema: Schema, components: Components): string {
  const all = branches(resolve(schema, components), components);
  return [...new Set(all.map((one) => one.title ?? w.kinds[one.format ?? String(one.type)] ?? formatText(one)))].join(
    w.or,
  );
}

const formatText = ({ format, type, enum: values }: Schema): string =>
  values ? values.map((value) => JSON.stringify(value)).join(w.or) : (format ?? w.kinds[String(type)] ?? w.anything);
