import type { FunctionInfo } from "../../registry/domain";
import { words } from "../../words";

/** What kind of function it is, and whether everybody may call it. */
export function Kind({ of }: { of: FunctionInfo }) {
  return (
    <span className="function-kind">
      {of.isPublic && (
        <span className="badge plain" title={words.functions.publicHint}>
          {words.functions.public}
        </span>
      )}
      <span className="badge plain" data-kind={of.kind}>
        {words.functions.kinds[of.kind]}
      </span>
    </span>
  );
}
