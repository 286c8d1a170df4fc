import { useEffect, useRef, useState, type DragEvent } from "react";
import type { Components } from "../../schema";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import { useForm, type WidgetProps } from "../context";
import { shapeOf, type Shape } from "../kind";
import { bytes } from "../size";
import { Unread, Uploaded } from "../value";

const say = words.form;

/** Whether it is a list of files. */
export function isFiles({ kind, schema }: Shape, components: Components): boolean {
  return kind === "list" && !!schema.items && shapeOf(schema.items, components).kind === "file";
}

/** A file that is on its way. */
interface Sending {
  key: number;
  name: string;
  share: number;
  stop: () => void;
}

let lastKey = 0;

/** Sends files. `onSent` is called for each as it arrives, `onFailed` with what is wrong. */
function useUploads(onSent: (file: Uploaded) => void, onFailed: (problem: string) => void) {
  const { upload } = useForm();
  const [sending, setSending] = useState<Sending[]>([]);
  const told = useRef({ onSent, onFailed });
  told.current = { onSent, onFailed };
  const all = useRef(new Set<AbortController>());
  useEffect(() => () => all.current.forEach((one) => one.abort()), []);
  const send = (file: File) => {
    const control = new AbortController();
    const key = ++lastKey;
    all.current.add(control);
    const entry = { key, name: file.name, share: 0, stop: () => control.abort() };
    setSending((now) => [...now, entry]);
    const tell = (share: number) => setSending((now) => now.map((one) => (one.key === key ? { ...one, share } : one)));
    upload(file, tell, control.signal)
      .then((info) => told.current.onSent(new Uploaded(info)))
      .catch(
        (error: Error) => control.signal.aborted || told.current.onFailed(say.problems.uploadFailed(error.message)),
      )
      .finally(() => {
        all.current.delete(control);
        setSending((now) => now.filter((one) => one.key !== key));
      });
  };
  return { sending, send };
}

/** One file. */
export function FileField({ value, onChange, control, empty, name, path }: WidgetProps) {
  const { touch } = useForm();
  const fail = (problem: string) => (touch(path), onChange(new Unread("", problem)));
  const { sending, send } = useUploads(onChange, fail);
  const take = (files: File[]) => {
    if (files.length > 1) return fail(say.problems.tooMany);
    sending.forEach((one) => one.stop());
    if (!files.length) return;
    onChange(new Unread("", say.problems.uploading, true));
    send(files[0]!);
  };
  const isThere = !!value && !(value instanceof Unread);
  return (
    <div className="stack">
      {isThere && <Chosen value={value} onRemove={() => onChange(empty)} />}
      <OnTheirWay sending={sending} onStop={() => onChange(empty)} />
      {!isThere && !sending.length && <Drop control={control} name={name} isMultiple={false} onFiles={take} />}
    </div>
  );
}

/** Any number of files. */
export function FilesField({ value, onChange, control, empty, name, canUnset }: WidgetProps) {
  const given = Array.isArray(value) ? (value as unknown[]) : [];
  const now = useRef(given);
  now.current = given;
  const [problem, setProblem] = useState("");
  const put = (next: unknown[]) => {
    now.current = next;
    onChange(next.length || !canUnset ? next : empty);
  };
  // a place holds the form back until the file is there
  const waiting = new Unread("", say.problems.uploading, true);
  const settle = (file?: Uploaded) => {
    const at = now.current.findIndex((one) => one instanceof Unread);
    put(at < 0 ? [...now.current, ...(file ? [file] : [])] : now.current.toSpliced(at, 1, ...(file ? [file] : [])));
  };
  const { sending, send } = useUploads(settle, (text) => (setProblem(text), settle()));
  const take = (files: File[]) => {
    setProblem("");
    put([...now.current, ...files.map(() => waiting)]);
    files.forEach(send);
  };
  return (
    <div className="stack">
      {given.map((one, place) =>
        one instanceof Unread ? null : (
          <Chosen key={place} value={one} onRemove={() => put(given.filter((_, other) => other !== place))} />
        ),
      )}
      <OnTheirWay sending={sending} onStop={() => settle()} />
      <Drop control={control} name={name} isMultiple onFiles={take} />
      {problem && <p className="field-problem">{problem}</p>}
    </div>
  );
}

function Chosen({ value, onRemove }: { value: unknown; onRemove: () => void }) {
  const info = value instanceof Uploaded ? value.info : (value as { id?: string; name?: string; size?: number });
  const name = info.name || say.kept(String(info.id ?? "").slice(0, 8));
  return (
    <div className="file">
      <Icon name="file" />
      <span className="file-name">{name}</span>
      {info.size ? <span className="muted small-text">{bytes(info.size)}</span> : null}
      <button type="button" className="quiet small icon-button" aria-label={say.remove(name)} onClick={onRemove}>
        <Icon name="cross" size={15} />
      </button>
    </div>
  );
}

function OnTheirWay({ sending, onStop }: { sending: Sending[]; onStop: () => void }) {
  return sending.map((one) => (
    <div key={one.key} className="file">
      <Icon name="upload" />
      <span className="file-name">{say.uploading(one.name)}</span>
      <progress aria-label={say.uploadOf(one.name)} value={one.share} max={1} />
      <button type="button" className="quiet small" onClick={() => (one.stop(), onStop())}>
        {words.ui.cancel}
      </button>
    </div>
  ));
}

function Drop(props: {
  control: WidgetProps["control"];
  name: string;
  isMultiple: boolean;
  onFiles: (files: File[]) => void;
}) {
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    props.onFiles([...event.dataTransfer.files]);
  };
  return (
    <div
      className="drop"
      data-over={isOver || undefined}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <input
        {...props.control}
        type="file"
        multiple={props.isMultiple}
        onChange={(event) => {
          const files = [...(event.target.files ?? [])];
          event.target.value = ""; // so that the same file can be chosen again
          if (files.length) props.onFiles(files);
        }}
      />
      <span className="muted small-text">{say.orDrop}</span>
    </div>
  );
}
