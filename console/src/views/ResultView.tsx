import { later } from "../ui/later";
import { Loading } from "../ui/Loading";
import type { ResultProps } from "./Result";

/**
 * A value as its type says that it is to be shown, or as suits it best: a number, a text, a table, a plot, a picture, a file, …
 *
 * schema, components: of the value, as the registry has them. name: what files made of it are called. isLive: whether
 * more of it comes many times a second. isCompact: without the ways to look at it otherwise, for small places.
 */
export const ResultView = later<ResultProps>(
  () => import("./Result"),
  () => <Loading lines={1} />,
);
