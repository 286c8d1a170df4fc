import { Suspense } from "react";
import { later } from "../ui/later";
import { Loading } from "../ui/Loading";
import type { ResultProps } from "./Result";

const Result = later(() => import("./Result"));

/**
 * A value as its type says that it is to be shown, or as suits it best: a number, a text, a table, a plot, a picture, a file, …
 *
 * schema, components: of the value, as the registry has them. name: what files made of it are called. isLive: whether
 * more of it comes many times a second. isCompact: without the ways to look at it otherwise, for small places.
 */
export function ResultView(props: ResultProps) {
  return (
    <Suspense fallback={<Loading lines={1} />}>
      <Result {...props} />
    </Suspense>
  );
}
