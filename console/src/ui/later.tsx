import { useEffect, useState, type ComponentType, type ReactNode } from "react";
import { Loading } from "./Loading";
import { isCurrent } from "./queries";

const PAUSE_MS = 1000;
const KEY = "hotplate-loaded-anew";
/** So long after the page was loaded anew it is not again. */
const REST_MS = 10_000;

/** A component whose code comes later; `begin` has it come before it is shown. */
export type Later<Props> = ((props: Props) => ReactNode) & { begin: () => Promise<void> };

/**
 * A component whose code is loaded when it is first shown; until then `waiting` stands there. While the server is away that
 * lasts; where the server has got a new version, which has other files, the page is loaded anew.
 *
 * React's own `lazy` shows what has come 300 ms late, to let more of it appear together.
 */
export function later<Props extends object>(
  load: () => Promise<{ default: ComponentType<Props> }>,
  waiting: (props: Props) => ReactNode = () => <Loading />,
): Later<Props> {
  let coming: Promise<void> | null = null;
  let Loaded: ComponentType<Props> | null = null;
  let failure: unknown;

  const come = (): Promise<void> =>
    (coming ??= persist(load).then(
      (module) => void (Loaded = module.default),
      (error) => void ((failure = error), (coming = null)), // whoever shows it once more tries once more
    ));

  function Component(props: Props): ReactNode {
    const [Shown, show] = useState(() => Loaded);
    useEffect(() => {
      if (!Shown) void come().then(() => show(() => Loaded ?? Failed));
    }, [Shown]);
    return Shown ? <Shown {...props} /> : waiting(props);
  }

  function Failed(): ReactNode {
    throw failure;
  }

  return Object.assign(Component, { begin: come });
}

async function persist<Module>(load: () => Promise<Module>): Promise<Module> {
  for (let hasFailed = false; ; await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))) {
    try {
      return await load();
    } catch (error) {
      const current = await isCurrent();
      if (current === false && mayLoadAnew()) {
        location.reload();
        await new Promise(() => {});
      }
      if (current !== null && hasFailed) throw error;
      hasFailed = current !== null;
    }
  }
}

function mayLoadAnew(): boolean {
  if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < REST_MS) return false;
  sessionStorage.setItem(KEY, String(Date.now()));
  return true;
}
