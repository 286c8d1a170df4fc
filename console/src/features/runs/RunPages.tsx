import { Link } from "wouter";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import { STATES, type Counts, type Run } from "./domain";
import { addressOf, PAGE, type Filters } from "./filters";

interface RunPagesProps {
  filters: Filters;
  rows: readonly Run[];
  hasMore: boolean;
  counts: Counts | undefined;
}

/** The ways to newer and older runs. */
export function RunPages({ filters, rows, hasMore, counts }: RunPagesProps) {
  const { page, state } = filters;
  if (page === 1 && !hasMore) return null;
  const total = counts ? (state ? counts[state] : STATES.reduce((sum, one) => sum + counts[one], 0)) : null;
  const first = (page - 1) * PAGE;
  return (
    <nav className="row runs-pages" aria-label={words.runs.paging}>
      {rows.length > 0 && (
        <span className="muted small-text">{words.runs.page(first + 1, first + rows.length, total)}</span>
      )}
      {page > 1 && (
        <Link className="button small" rel="prev" href={addressOf(before(filters))}>
          <Icon name="left" size={15} />
          {words.runs.newer}
        </Link>
      )}
      {hasMore && (
        <Link className="button small" rel="next" href={addressOf(after(filters, rows))}>
          {words.runs.older}
          <Icon name="right" size={15} />
        </Link>
      )}
    </nav>
  );
}

const before = (filters: Filters): Filters =>
  filters.page === 2 ? { ...filters, page: 1, as: "" } : { ...filters, page: filters.page - 1 };

/** The page after it; who leaves the first one fixes what there is, up to its newest run. */
function after(filters: Filters, rows: readonly Run[]): Filters {
  const newest = rows[0]?.createdAt;
  const isFixed = filters.sort !== "-created" || filters.as !== "" || !newest;
  return {
    ...filters,
    page: filters.page + 1,
    as: isFixed ? filters.as : new Date(newest.getTime() + 1).toISOString(),
  };
}
