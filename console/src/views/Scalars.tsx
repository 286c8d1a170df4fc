import { useState } from "react";
import { Ago, exactly } from "../ui/time";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { download } from "./csv";
import { formatted, formattedDecimal, isRounded, size } from "./number";

/** A number, large; all of its digits when it is pointed at. */
export function NumberView({ value }: { value: number }) {
  const title = isRounded(value) ? `${value}. ${words.views.rounded}` : String(value);
  return (
    <p className="view-figure" title={title}>
      {isRounded(value) && <span aria-label={words.views.rounded}>≈ </span>}
      {formatted(value)}
    </p>
  );
}

export function Decimal({ value }: { value: string }) {
  return (
    <p className="view-figure" title={value}>
      {formattedDecimal(value)}
    </p>
  );
}

/** Longer texts are cut, until somebody wants all. */
const MOST_CHARACTERS = 4000;
const MOST_LINES = 60;

export function TextView({ value }: { value: string }) {
  const [isWhole, setWhole] = useState(false);
  if (!value) return <p className="muted">{words.views.emptyText}</p>;
  const begin = beginning(value);
  const isShort = begin.length === value.length;
  return (
    <div className="stack">
      <p className={value.length <= 80 && !value.includes("\n") ? "view-text short" : "view-text"}>
        {isWhole || isShort ? value : `${begin}…`}
      </p>
      {!isShort && !isWhole && (
        <div>
          <button type="button" className="small" onClick={() => setWhole(true)}>
            {words.views.wholeText(value.length)}
          </button>
        </div>
      )}
    </div>
  );
}

function beginning(text: string): string {
  let end = -1;
  for (let line = 0; line < MOST_LINES; line++) {
    end = text.indexOf("\n", end + 1);
    if (end < 0 || end > MOST_CHARACTERS) break;
  }
  return text.slice(0, end > 0 && end <= MOST_CHARACTERS ? end : MOST_CHARACTERS);
}

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeZone: "UTC" });

/** A day, or a moment with how long ago it was. */
export function TimeView({ value, format }: { value: string; format: string }) {
  const at = new Date(value);
  if (format === "date") return <time dateTime={value}>{day.format(at)}</time>;
  return (
    <p title={value}>
      {exactly(at)}{" "}
      <span className="muted">
        (<Ago at={at} />)
      </span>
    </p>
  );
}

/** Bytes that no type makes more of: how many, and to be kept as a file. */
export function Bytes({ value, name }: { value: string; name: string }) {
  const length = Math.floor((value.replace(/=+$/, "").length * 3) / 4);
  const save = () => {
    const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
    download(new Blob([bytes]), `${name}.bin`);
  };
  return (
    <div className="view-file">
      <Icon name="file" />
      <span title={words.views.bytes(length)}>{size(length)}</span>
      <button type="button" className="small" onClick={save}>
        <Icon name="download" size={15} />
        {words.views.download}
      </button>
    </div>
  );
}
