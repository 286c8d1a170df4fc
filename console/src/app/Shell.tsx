import { useEffect, useState, type ReactNode } from "react";
import { Link, useLocation } from "wouter";
import { WorkerNotice } from "../features/workers/WorkerNotice";
import { isRefused } from "../registry/asking";
import { PARTS, type Part } from "../registry/domain";
import { useRegistry } from "../registry/queries";
import { Icon } from "../ui/Icon";
import { words } from "../words";
import { useConnection } from "./queries";
import { useTheme, type Theme } from "./theme";

/** What is around every page: the way to the others, the connection, the colours. */
export function Shell({ title, children }: { title: string; children: ReactNode }) {
  const [place] = useLocation();
  const parts = useParts();
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {words.app.skip}
      </a>
      <header className="bar">
        <Link className="brand" href={`/${parts[0] ?? ""}`}>
          <Icon name="hotplate" />
          <span>{title}</span>
        </Link>
        {parts.length > 0 && (
          <nav className="parts" aria-label={words.app.parts}>
            {parts.map((part) => (
              <Link key={part} href={`/${part}`} aria-current={place.split("/")[1] === part ? "page" : undefined}>
                <Icon name={part} />
                <span>{words.app[part]}</span>
              </Link>
            ))}
          </nav>
        )}
        <div className="bar-end">
          <Connection />
          <ThemeSwitch />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        <WorkerNotice />
        {children}
      </main>
    </div>
  );
}

/** The parts that are for whoever looks: all, until it is known that they are not. */
function useParts(): readonly Part[] {
  const { data, error } = useRegistry();
  return data?.parts ?? (isRefused(error) ? [] : PARTS);
}

/** So long an absence is not spoken of, in ms. */
const PATIENCE_MS = 1500;

/** A dot while all is well; words once updates have not come for a while. */
function Connection() {
  const isOn = useConnection();
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (isOn) return setLong(false);
    const timer = setTimeout(() => setLong(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [isOn]);
  const state = isOn ? "on" : isLong ? "off" : "unknown";
  const text = words.app.connection[state];
  return (
    <p className="connection" data-state={state} role="status" title={text}>
      <span className={state === "off" ? "" : "unseen"}>{text}</span>
    </p>
  );
}

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

function ThemeSwitch() {
  const [theme, setTheme] = useTheme();
  const label = `${words.app.theme.label}: ${words.app.theme[theme]}`;
  return (
    <button
      type="button"
      className="quiet icon-button"
      aria-label={label}
      title={label}
      onClick={() => setTheme(NEXT[theme])}
    >
      <Icon name={theme} />
    </button>
  );
}
