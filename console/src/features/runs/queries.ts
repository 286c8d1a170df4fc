import { type RunRecord } from "@hotplate/client";
import { useClient, useTopic } from "@hotplate/client/react";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo, useRef, useSyncExternalStore } from "react";
import type { Follow } from "./bell";
import { detailsFrom, isFinal, moveFrom, runFrom, type Counts, type DetailedRecord, type Run } from "./domain";
import { addressOf, countParams, listParams, PAGE, type Filters } from "./filters";

/** What is told of a run is shown at most so often: a log comes line by line. */
const SHOWN_MS = 60;

/** A run as it goes on, with its log, moves and partial results. */
export function useRun(id: string) {
  const client = useClient();
  const topic = useMemo(() => client.topic(`run/${id}`), [client, id]);
  const subscribe = useCallback(
    (listener: () => void) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const stop = topic.subscribe(() => {
        timer ??= setTimeout(() => {
          timer = undefined;
          listener();
        }, SHOWN_MS);
      });
      return () => {
        clearTimeout(timer);
        stop();
      };
    },
    [topic],
  );
  const followed = useSyncExternalStore(subscribe, topic.getSnapshot);
  const run = useMemo(() => followed.run && runFrom(followed.run), [followed.run]);
  const moves = useMemo(() => followed.moves.map(moveFrom), [followed.moves]);
  return { ...followed, run, moves };
}

const PLACE_MS = 2_000;
const CHILDREN_MS = 5_000;

/** Its params, its place in the queue, its traceback. */
export function useDetails(run: Run) {
  const client = useClient();
  return useQuery({
    queryKey: ["run", run.id, run.state, run.attempt],
    queryFn: async ({ signal }) =>
      detailsFrom((await client.call("run.get", { id: run.id }, { signal })) as DetailedRecord),
    placeholderData: keepPreviousData,
    refetchInterval: run.state === "queued" ? PLACE_MS : false,
    staleTime: isFinal(run) ? Infinity : 0,
  });
}

/** So many of the runs that a run has started are listed. */
export const MOST_CHILDREN = 20;

/** The runs that a run has started; refused to whoever only looks at a run that was shared. */
export function useChildren(run: Run) {
  const client = useClient();
  return useQuery({
    queryKey: ["run", run.id, "children", run.state],
    queryFn: async ({ signal }) => {
      const { runs } = await client.call("run.list", { parent_id: run.id, limit: MOST_CHILDREN }, { signal });
      return (runs as RunRecord[]).map(runFrom);
    },
    placeholderData: keepPreviousData,
    refetchInterval: run.state === "running" ? CHILDREN_MS : false,
  });
}

/** What can be done to a run; `retry` gives the id of the new one. */
export function useRunActions(id: string) {
  const client = useClient();
  const cancel = useMutation({ mutationFn: () => client.run(id).cancel() });
  const retry = useMutation({ mutationFn: async () => (await client.run(id).retry()).id });
  return { cancel, retry };
}

/** Follows the run to its end, also when its page is left. */
export function useFollow(id: string): Follow {
  const client = useClient();
  return (ended) =>
    client.watch(`run/${id}`, ({ type, data }) => {
      if (type === "run" && (data as RunRecord).finished_at) ended(runFrom(data as RunRecord));
    });
}

/** Links under which others can look at a run. */
export function useShare(id: string) {
  const client = useClient();
  const share = useMutation({
    mutationFn: async () => {
      const { url } = (await client.call("run.share", { id })) as { url: string };
      return new URL(url, client.url).href;
    },
  });
  const unshare = useMutation({ mutationFn: () => client.call("run.unshare", { id }), onSuccess: () => share.reset() });
  return { share, unshare };
}

/** A result that is kept as a file, once it is wanted. */
export function useResultFile(url: string | null) {
  const client = useClient();
  return useQuery({
    queryKey: ["file", url],
    queryFn: ({ signal }) => client.http.json(url!, {}, { signal, timeout: 300 }),
    enabled: url !== null,
    staleTime: Infinity,
    gcTime: 0,
  });
}

/** A page of runs, read again while some of it go on that are too old to be told of. */
export function usePage(filters: Filters) {
  const client = useClient();
  const key = addressOf(filters);
  return useQuery({
    queryKey: ["runs", "page", key],
    queryFn: async ({ signal }) => {
      const { runs } = await client.call("run.list", listParams(filters, Date.now()), { signal });
      const rows = (runs as RunRecord[]).map(runFrom);
      return { key, runs: rows.slice(0, PAGE), hasMore: rows.length > PAGE };
    },
    placeholderData: keepPreviousData,
    refetchInterval: ({ state }) => (state.data?.runs.every(isFinal) ? false : CHILDREN_MS),
  });
}

/** So many runs there are of each state, whichever state is shown. */
export function useCounts(filters: Filters) {
  const client = useClient();
  return useQuery({
    queryKey: ["runs", "counts", addressOf({ ...filters, state: "", sort: "-created", page: 1 })],
    queryFn: async ({ signal }) =>
      (await client.call("run.count", countParams(filters, Date.now()), { signal })) as Counts,
    placeholderData: keepPreviousData,
  });
}

const AGAIN_MS = 3_000;
const NONE: Run[] = [];
const known = new WeakMap<RunRecord, Run>();

function once(record: RunRecord): Run {
  const run = known.get(record) ?? runFrom(record);
  known.set(record, run);
  return run;
}

/** The newest runs as they are told; what was read of runs is read again, now and then, while they change. */
export function useNews(): Run[] {
  const { value } = useTopic<RunRecord[]>("runs");
  const queries = useQueryClient();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!value) return;
    if (isFirst.current) isFirst.current = false;
    else
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void queries.invalidateQueries({ queryKey: ["runs"] });
      }, AGAIN_MS);
  }, [value, queries]);
  useEffect(
    () => () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    },
    [],
  );
  return useMemo(() => value?.map(once) ?? NONE, [value]);
}

/** Cancels or repeats many runs in one request; says how many were refused, and why the first was. */
export function useMany() {
  const client = useClient();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ method, ids }: { method: "run.cancel" | "run.retry"; ids: string[] }) => {
      const settled = await client.batch((batch) => ids.map((id) => batch.call(method, { id })));
      const refused = settled.filter((one) => one.status === "rejected");
      return { refused: refused.length, why: (refused[0]?.reason as Error | undefined)?.message ?? "" };
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["runs"] }),
  });
}
