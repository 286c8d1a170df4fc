import { useId, useState, type KeyboardEvent } from "react";
import { hasSecret } from "../../form/kind";
import type { FunctionInfo } from "../../registry/domain";
import type { Components } from "../../schema";
import { CopyButton } from "../../ui/CopyButton";
import { words } from "../../words";
import { useAddress, type Params } from "./queries";
import { cli, curl, javascriptCall, pythonCall, reactCall, type Called } from "./snippets";

const say = words.functions.elsewhere;

const WAYS: Record<keyof typeof say.tabs, (called: Called) => string> = {
  curl,
  python: pythonCall,
  javascript: javascriptCall,
  react: reactCall,
  cli,
};
const NAMES = Object.keys(WAYS) as (keyof typeof WAYS)[];

const KEPT = "hotplate.elsewhere";

/** The call as other programs make it. */
export default function Elsewhere(props: { one: FunctionInfo; params: Params; components: Components }) {
  const { one, components } = props;
  const url = useAddress();
  const [way, setWay] = useWay();
  const id = useId();
  const params = withoutSecrets(props.params, one, components);
  const text = WAYS[way]({ name: one.name, kind: one.kind, params, url });
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = NAMES[(NAMES.indexOf(way) + step + NAMES.length) % NAMES.length]!;
    setWay(next);
    event.currentTarget.querySelector<HTMLElement>(`[data-way="${next}"]`)?.focus();
  };
  return (
    <div className="elsewhere-in">
      <p className="muted small-text">{say.text}</p>
      <div className="tabs" role="tablist" aria-label={say.title} onKeyDown={move}>
        {NAMES.map((name) => (
          <button
            key={name}
            id={id + name}
            data-way={name}
            type="button"
            role="tab"
            className="small"
            aria-selected={name === way}
            aria-controls={`${id}panel`}
            tabIndex={name === way ? 0 : -1}
            onClick={() => setWay(name)}
          >
            {say.tabs[name]}
          </button>
        ))}
      </div>
      <div id={`${id}panel`} className="code" role="tabpanel" aria-labelledby={id + way}>
        <pre tabIndex={0}>{text}</pre>
        <CopyButton text={text} />
      </div>
    </div>
  );
}

function useWay(): [keyof typeof WAYS, (way: keyof typeof WAYS) => void] {
  const [way, setWay] = useState(() => {
    const kept = read();
    return NAMES.find((name) => name === kept) ?? "curl";
  });
  return [
    way,
    (next) => {
      setWay(next);
      try {
        localStorage.setItem(KEPT, next);
      } catch {
        // it lasts as long as the page
      }
    },
  ];
}

function read(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

/** Secrets are not shown: something stands in their place. */
function withoutSecrets(params: Params, one: FunctionInfo, components: Components): Params {
  const secret = new Set(one.params.filter(({ schema }) => hasSecret(schema, components)).map(({ name }) => name));
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, secret.has(name) ? say.secret : value]),
  );
}
