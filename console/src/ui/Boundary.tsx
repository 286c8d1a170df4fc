import { Component, type ReactNode } from "react";
import { words } from "../words";

/** Keeps what fails to be shown from taking the rest of the page with it. */
export class Boundary extends Component<{ children: ReactNode }, { error: Error | null }> {
  state = { error: null as Error | null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className="note error" role="alert">
        <div>
          <strong>{words.app.broken.title}</strong>
          <p className="muted">{error.message}</p>
          <button type="button" className="small" onClick={() => this.setState({ error: null })}>
            {words.app.broken.again}
          </button>
        </div>
      </div>
    );
  }
}
