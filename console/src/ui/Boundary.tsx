import { Component, type ReactNode } from "react";
import { words } from "../words";

/** Keeps what fails to be shown from taking the rest of the page with it; at another `place` it is tried again. */
export class Boundary extends Component<{ place?: string; children: ReactNode }, { error: Error | null }> {
  state = { error: null as Error | null };

  componentDidUpdate(before: { place?: string }) {
    if (before.place !== this.props.place && this.state.error) this.setState({ error: null });
  }

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
