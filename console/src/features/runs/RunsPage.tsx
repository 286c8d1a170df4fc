import { useCallback, useMemo } from "react";
import { Link, useLocation, useSearch } from "wouter";
import { Empty } from "../../ui/Empty";
import { ErrorNote } from "../../ui/ErrorNote";
import { Loading } from "../../ui/Loading";
import { useTitle } from "../../ui/title";
import { words } from "../../words";
import { addressOf, filtersFrom, isFiltering, newerThan, NONE, withNews, type Filters } from "./filters";
import { isRefused } from "../../registry/asking";
import { useCounts, useNews, usePage } from "./queries";
import { RunFilters } from "./RunFilters";
import { RunPages } from "./RunPages";
import { RunsTable } from "./RunsTable";
import { StateTabs } from "./StateTabs";
import { useFresh } from "./useFresh";
import "./runs.css";

/** The runs of the server: found, watched, cancelled, repeated. */
export default function RunsPage() {
  useTitle(words.runs.title);
  const search = useSearch();
  const [, go] = useLocation();
  const filters = useMemo(() => filtersFrom(search), [search]);
  const change = useCallback(
    (some: Partial<Filters>) =>
      go(addressOf({ ...filters, page: 1, as: "", ...some }), { replace: "text" in some && filters.text !== "" }),
    [filters, go],
  );
  const news = useNews();
  const { data: page, error, isPlaceholderData, refetch } = usePage(filters);
  const { data: counts } = useCounts(filters);
  const rows = useMemo(
    () => (page ? (isPlaceholderData ? page.runs : withNews(page.runs, news, filters, Date.now())) : null),
    [page, news, filters, isPlaceholderData],
  );
  const ahead = useMemo(() => newerThan(filters, news, Date.now()), [filters, news]);
  const fresh = useFresh(page?.key, rows);

  if (isRefused(error)) return <Empty isPage title={words.runs.refusedList.title} text={words.runs.refusedList.text} />;
  return (
    <>
      <div className="page-head">
        <h1>{words.runs.title}</h1>
      </div>
      <StateTabs filters={filters} counts={counts} />
      <RunFilters filters={filters} change={change} news={news} />
      {ahead > 0 && (
        <Link className="button small runs-ahead" href={addressOf({ ...filters, page: 1, as: "" })}>
          {words.runs.fresh(ahead)}
        </Link>
      )}
      {error && !rows ? (
        <ErrorNote error={error} again={() => void refetch()} />
      ) : !rows ? (
        <Loading lines={8} />
      ) : rows.length ? (
        <RunsTable rows={rows} fresh={fresh} filters={filters} change={change} isOld={isPlaceholderData} />
      ) : isFiltering(filters) || filters.page > 1 ? (
        <Empty
          title={words.runs.noneFit.title}
          text={words.runs.noneFit.text}
          link={[addressOf(NONE), words.runs.noneFit.reset]}
        />
      ) : (
        <Empty title={words.runs.none.title} text={words.runs.none.text} link={["/functions", words.runs.none.link]} />
      )}
      {rows && page && <RunPages filters={filters} rows={rows} hasMore={page.hasMore} counts={counts} />}
    </>
  );
}
