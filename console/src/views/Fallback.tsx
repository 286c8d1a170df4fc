import { Component, type ReactNode } from "react";

/** Shows something else instead of what cannot be shown, until there is another value. */
export class Fallback extends Component<{ instead: ReactNode; of: unknown; children: ReactNode }, { failed: unknown }> {
  state = { failed: NOTHING as unknown };

  static getDerivedStateFromError() {
    return { failed: FAILED as unknown };
  }

  static getDerivedStateFromProps({ of }: { of: unknown }, { failed }: { failed: unknown }) {
    if (failed === FAILED) return { failed: of };
    return failed !== NOTHING && failed !== of ? { failed: NOTHING } : null;
  }

  render() {
    return this.state.failed === NOTHING ? this.props.children : this.props.instead;
  }
}

const NOTHING = Symbol("nothing has failed");
const FAILED = Symbol("something has failed");
