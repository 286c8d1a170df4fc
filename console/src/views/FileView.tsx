import { useState } from "react";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { useAddress } from "./address";
import type { FileValue, ImageSource } from "./kind";
import { size } from "./number";

/** A file of the server: what it is, and where to get it. */
export function FileView({ file }: { file: FileValue }) {
  const address = useAddress(file.url);
  const name = file.name || file.id;
  return (
    <div className="view-file">
      <Icon name="file" />
      <span className="view-file-name">{name}</span>
      <span className="muted small-text">
        {size(file.size)} · {file.media_type}
      </span>
      {address && (
        <a className="button small" href={address} download={name}>
          <Icon name="download" size={15} />
          {words.views.download}
          <span className="unseen"> {name}</span>
        </a>
      )}
    </div>
  );
}

/** A picture. Whatever is in it stays in `<img>`, where nothing of it runs or is fetched. */
export function ImageView({ source, name }: { source: ImageSource; name: string }) {
  const file = "file" in source ? source.file : null;
  const address = useAddress(file?.url ?? "");
  const [failed, setFailed] = useState("");
  const url = "file" in source ? address : inlined(source);
  if (!url || failed === url) {
    return (
      <div className="stack">
        <p className="muted">{words.views.imageFailed}</p>
        {file && <FileView file={file} />}
      </div>
    );
  }
  return (
    <figure className="view-image">
      <img src={url} alt={words.views.image(file?.name || name)} onError={() => setFailed(url)} />
      {file && <FileView file={file} />}
    </figure>
  );
}

function inlined(source: { base64: string; mediaType: string } | { svg: string }): string {
  if ("svg" in source) return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source.svg)}`;
  return `data:${source.mediaType};base64,${source.base64}`;
}
