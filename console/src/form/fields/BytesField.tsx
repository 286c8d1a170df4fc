import { useState } from "react";
import { words } from "../../words";
import type { WidgetProps } from "../context";
import { limitProblem } from "../limits";
import { Unread } from "../value";
import { Radios } from "./ChoiceField";
import { textOf } from "./TextField";

const say = words.form.bytes;

const WAYS = ["text", "base64", "file"] as const;
type Way = (typeof WAYS)[number];

const CHUNK = 0x8000;

export function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += CHUNK) binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  return btoa(binary);
}

/** The bytes as text; null if they are none. */
export function textFrom(encoded: string): string | null {
  try {
    const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return /[\0-\x08\x0e-\x1f]/.test(text) ? null : text;
  } catch {
    return null;
  }
}

function wayFor(value: unknown): Way {
  return typeof value === "string" && textFrom(value) === null ? "base64" : "text";
}

/** Bytes: typed as text or as Base64, or those of a file. */
export function BytesField({ value, onChange, control, name, empty }: WidgetProps) {
  const [way, setWay] = useState<Way>(() => wayFor(value));
  const encoded = textOf(value);
  const readable = textFrom(encoded);
  const shownWay = way === "text" && readable === null ? "base64" : way;
  const isSound = typeof value === "string" && !limitProblem(value, "bytes", {});
  const take = (text: string) => {
    if (shownWay === "text") return onChange(base64(new TextEncoder().encode(text)));
    const plain = text.replace(/\s/g, "");
    onChange(limitProblem(plain, "bytes", {}) ? new Unread(text, words.form.problems.base64) : plain);
  };
  return (
    <div className="stack">
      <Radios
        id={`${control.id}w`}
        name={say.label}
        labels={WAYS.map((one) => say[one])}
        chosen={WAYS.indexOf(shownWay)}
        onChoose={(place) => setWay(WAYS[place]!)}
      />
      {shownWay === "file" ? (
        <input
          {...control}
          aria-label={name}
          type="file"
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) void file.arrayBuffer().then((buffer) => onChange(base64(new Uint8Array(buffer))));
            else onChange(empty);
          }}
        />
      ) : (
        <textarea
          {...control}
          aria-label={name}
          className={shownWay === "base64" ? "mono" : undefined}
          rows={2}
          spellCheck={false}
          value={shownWay === "text" ? (readable ?? "") : encoded}
          onChange={(event) => take(event.target.value)}
        />
      )}
      {isSound && <p className="field-hint">{words.form.chosenBytes(sizeOf(value as string))}</p>}
    </div>
  );
}

const sizeOf = (encoded: string): number => (encoded.length / 4) * 3 - (/=*$/.exec(encoded)?.[0].length ?? 0);
