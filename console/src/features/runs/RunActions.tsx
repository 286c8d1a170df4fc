import { useState } from "react";
import { Link, useLocation } from "wouter";
import { ErrorNote } from "../../ui/ErrorNote";
import { Icon } from "../../ui/Icon";
import { words } from "../../words";
import { canRing, unwantRing, useBell, wantRing } from "./bell";
import { CancelDialog } from "./CancelDialog";
import { isFinal, type Run } from "./domain";
import { isRefused } from "../../registry/asking";
import { useFollow, useRunActions } from "./queries";
import { ShareDialog } from "./ShareDialog";

/** What can be done to a run. Compact beside a form, which is there for its inputs. */
export function RunActions({ run, isCompact }: { run: Run; isCompact: boolean }) {
  const { cancel, retry } = useRunActions(run.id);
  const [, go] = useLocation();
  const [isAsking, setAsking] = useState(false);
  const [isSharing, setSharing] = useState(false);
  const failed = cancel.error ?? retry.error;
  if (isRefused(failed)) return null;
  return (
    <>
      <div className="row run-actions" data-compact={isCompact || undefined}>
        {!isFinal(run) && <Bell run={run} />}
        {!isFinal(run) && (
          <button
            type="button"
            disabled={run.isStopping || cancel.isPending}
            onClick={() => (run.state === "queued" ? cancel.mutate() : setAsking(true))}
          >
            <Icon name="stop" size={15} />
            {run.isStopping || cancel.isPending ? words.runs.actions.cancelling : words.runs.actions.cancel}
          </button>
        )}
        {isFinal(run) && (
          <button
            type="button"
            disabled={retry.isPending}
            onClick={() => retry.mutate(undefined, { onSuccess: (id) => go(`/runs/${id}`) })}
          >
            <Icon name="again" size={15} />
            {words.runs.actions.retry}
          </button>
        )}
        {!isCompact && (
          <Link className="button" href={`/functions/${encodeURIComponent(run.job)}?from=${run.id}`}>
            <Icon name="edit" size={15} />
            {words.runs.actions.edit}
          </Link>
        )}
        <button type="button" onClick={() => setSharing(true)}>
          <Icon name="share" size={15} />
          {words.runs.actions.share}
        </button>
      </div>
      {failed && <ErrorNote title={words.runs.actions.failed} error={failed} />}
      {isSharing && <ShareDialog id={run.id} onClose={() => setSharing(false)} />}
      {isAsking && !isFinal(run) && <CancelDialog onCancel={() => cancel.mutate()} onClose={() => setAsking(false)} />}
    </>
  );
}

function Bell({ run }: { run: Run }) {
  const isOn = useBell(run.id);
  const follow = useFollow(run.id);
  const [, go] = useLocation();
  const [isForbidden, setForbidden] = useState(false);
  if (!canRing()) return null;
  const toggle = async () => {
    if (isOn) unwantRing(run.id);
    else setForbidden(!(await wantRing(run.id, follow, () => go(`/runs/${run.id}`))));
  };
  const { bell, bellOn, bellRefused } = words.runs.actions;
  return (
    <>
      <button
        type="button"
        className="icon-button run-bell"
        aria-pressed={isOn}
        aria-label={bell}
        title={isOn ? bellOn : bell}
        onClick={() => void toggle()}
      >
        <Icon name="bell" size={16} />
      </button>
      {isForbidden && (
        <span role="status" className="muted small-text">
          {bellRefused}
        </span>
      )}
    </>
  );
}
