import { CopyButton } from "../../ui/CopyButton";
import { Dialog } from "../../ui/Dialog";
import { ErrorNote } from "../../ui/ErrorNote";
import { words } from "../../words";
import { useShare } from "./queries";

/** A link under which others can look at a run, and its end. */
export function ShareDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const { share, unshare } = useShare(id);
  const failed = share.error ?? unshare.error;
  return (
    <Dialog title={words.runs.share.title} onClose={onClose}>
      <p className="muted">{words.runs.share.text}</p>
      {share.data && (
        <div className="row share-link">
          <input
            readOnly
            aria-label={words.runs.share.link}
            value={share.data}
            onFocus={(event) => event.target.select()}
          />
          <CopyButton text={share.data} label={words.runs.share.copy} />
        </div>
      )}
      {unshare.isSuccess && !share.data && <p role="status">{words.runs.share.removed}</p>}
      {failed && <ErrorNote title={words.runs.share.failed} error={failed} />}
      <div className="row dialog-actions">
        <button type="button" className="quiet" disabled={unshare.isPending} onClick={() => unshare.mutate()}>
          {words.runs.share.remove}
        </button>
        {!share.data && (
          <button
            type="button"
            className="primary"
            data-first
            disabled={share.isPending}
            onClick={() => {
              unshare.reset();
              share.mutate();
            }}
          >
            {words.runs.share.make}
          </button>
        )}
      </div>
    </Dialog>
  );
}
