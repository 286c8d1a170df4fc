import type { ReactNode } from "react";
import { Link } from "wouter";

/** What stands where there is nothing: why, and what to do. `link` is an address and its text. */
export function Empty({
  title,
  text,
  link,
  children,
}: {
  title: string;
  text?: ReactNode;
  link?: [string, string];
  children?: ReactNode;
}) {
  return (
    <div className="empty">
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {link && <Link href={link[0]}>{link[1]}</Link>}
      {children}
    </div>
  );
}
