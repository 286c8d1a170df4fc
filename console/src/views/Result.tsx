import { memo, useState } from "react";
import type { Components, Schema } from "../schema";
import { CopyButton } from "../ui/CopyButton";
import { words } from "../words";
import { Fallback } from "./Fallback";
import { Json } from "./Json";
import { useCalm } from "./calm";
import { Switch } from "./Switch";
import { Shown } from "./Shown";
import "./views.css";

export interface ResultProps {
  value: unknown;
  schema?: Schema;
  components?: Components;
  name?: string;
  isLive?: boolean;
  isCompact?: boolean;
}

const ANY: Schema = {};
const NONE: Components = {};

export default function Result({ value, isLive = false, ...props }: ResultProps) {
  return <Calm {...props} value={useCalm(value, isLive)} isLive={isLive} />;
}

const Calm = memo(function Calm({
  value,
  schema = ANY,
  components = NONE,
  name = words.views.result,
  isLive = false,
  isCompact = false,
}: ResultProps) {
  const [isJson, setJson] = useState(false);
  const isBare = isCompact || value === null || value === undefined;
  const ways = isBare ? null : <Ways value={value} isJson={isJson} setJson={setJson} />;
  const json = (
    <>
      <Json value={value} name={name} />
      {ways}
    </>
  );
  return (
    <div className={isShort(value) ? "result short" : "result"}>
      {isJson && !isBare ? (
        json
      ) : (
        <Fallback instead={json} of={value}>
          <Shown
            value={value}
            schema={schema}
            components={components}
            name={name}
            isLive={isLive}
            isCompact={isCompact}
            depth={0}
            ways={ways}
          />
        </Fallback>
      )}
    </div>
  );
});

/** What else can be done with a value: to look at its JSON, to copy it. */
function Ways({ value, isJson, setJson }: { value: unknown; isJson: boolean; setJson: (isJson: boolean) => void }) {
  return (
    <div className="result-ways">
      <Switch
        label={words.views.view}
        options={[
          ["view", words.views.shown],
          ["json", words.views.json],
        ]}
        value={isJson ? "json" : "view"}
        onChange={(way) => setJson(way === "json")}
      />
      <CopyButton text={() => textOf(value)} />
    </div>
  );
}

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "null");

/** Whether it has room beside the ways to look at it. */
const isShort = (value: unknown): boolean =>
  typeof value !== "object" && (typeof value !== "string" || (value.length <= 80 && !value.includes("\n")));
