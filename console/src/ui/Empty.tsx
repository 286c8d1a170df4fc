import type { ReactNode } from "react";
import { Link } from "wouter";
import { CopyButton } from "./CopyButton";

/** What stands where there is nothing: why, and what to do. `link` is an address and its text. */
export function Empty({
  title,
  text,
  link,
  code,
  isPage,
  children,
}: {
  title: string;
  text?: ReactNode;
  link?: [string, string];
  /** What to write for something to be there. */
  code?: string;
  /** Whether it is all that there is on its page. */
  isPage?: boolean;
  children?: ReactNode;
}) {
  return (
    <div className="empty">
      {isPage ? <h1>{title}</h1> : <h2>{title}</h2>}
      {text && <p>{text}</p>}
      {link && <Link href={link[0]}>{link[1]}</Link>}
      {code && (
        <div className="code example">
          <pre tabIndex={0}>{code}</pre>
          <CopyButton text={code} />
        </div>
      )}
      {children}
    </div>
  );
}
