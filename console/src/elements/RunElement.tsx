import type { ReactNode } from "react";
import { later } from "../ui/later";
import { Ending, type Ended } from "./Ending";
import { HotplateElement } from "./HotplateElement";

const RunPanel = later(() => import("../features/runs/RunPanel"));

/** `<hotplate-run run-id="…">`: a run as it goes on, with its log and result. */
export class RunElement extends HotplateElement {
  static observedAttributes = ["run-id", "server"];

  private _onEnded = (ended: Ended) => this.tell("hotplate-finished", ended);

  protected content(): ReactNode {
    const id = this.getAttribute("run-id");
    if (!id) return null;
    return (
      <>
        <RunPanel key={id} id={id} isCompact />
        <Ending id={id} onEnded={this._onEnded} />
      </>
    );
  }
}
