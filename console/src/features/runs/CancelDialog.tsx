import { Dialog } from "../../ui/Dialog";
import { words } from "../../words";

interface CancelDialogProps {
  onCancel: () => void;
  onClose: () => void;
  /** How many runs are to be cancelled. */
  many?: number;
}

/** Asks whether what goes on is to be cancelled. */
export function CancelDialog({ onCancel, onClose, many = 1 }: CancelDialogProps) {
  const { title, titleMany, text, no, yes, yesMany } = words.runs.confirm;
  return (
    <Dialog title={many === 1 ? title : titleMany(many)} onClose={onClose}>
      <p>{text}</p>
      <div className="row dialog-actions">
        <button type="button" data-first onClick={onClose}>
          {no}
        </button>
        <button
          type="button"
          className="danger"
          onClick={() => {
            onCancel();
            onClose();
          }}
        >
          {many === 1 ? yes : yesMany(many)}
        </button>
      </div>
    </Dialog>
  );
}
