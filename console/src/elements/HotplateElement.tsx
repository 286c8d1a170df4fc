import { HotplateProvider } from "@hotplate/client/react";
import { QueryClientProvider } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { createRoot, type Root } from "react-dom/client";
import { Router, type BaseLocationHook } from "wouter";
import { Boundary } from "../ui/Boundary";
import { ErrorNote } from "../ui/ErrorNote";
import { Server as ServerOfFiles } from "../views/address";
import { serverAt, type Server } from "./server";
import { sheets } from "./style";

const AGAIN_MS = 2000;

/** A part of the console in a page of somebody else's, which neither sees the other's styles. */
export abstract class HotplateElement extends HTMLElement {
  private _root: Root | null = null;
  private _isStyled = false;

  connectedCallback(): void {
    const shadow = this.shadowRoot ?? this.attachShadow({ mode: "open" });
    if (this._root) return;
    const box = document.createElement("div");
    box.className = "element";
    shadow.replaceChildren(box);
    this._root = createRoot(box);
    void this._dress(shadow);
  }

  disconnectedCallback(): void {
    queueMicrotask(() => {
      if (this.isConnected) return; // it was moved
      this._root?.unmount();
      this._root = null;
    });
  }

  attributeChangedCallback(): void {
    this._show();
  }

  /** What is shown, by the attributes as they are now. */
  protected abstract content(server: Server): ReactNode;

  /** Tells the page what has happened. */
  protected tell(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }

  private async _dress(shadow: ShadowRoot): Promise<void> {
    while (!this._isStyled && this._root) {
      try {
        shadow.adoptedStyleSheets = await sheets();
        this._isStyled = true;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
      }
    }
    this._show();
  }

  private _show(): void {
    if (this._isStyled) this._root?.render(this._content());
  }

  private _content(): ReactNode {
    try {
      const server = serverAt(this.getAttribute("server"));
      return <Within server={server}>{this.content(server)}</Within>;
    } catch (error) {
      return <ErrorNote error={error as Error} />;
    }
  }
}

function Within({ server, children }: { server: Server; children: ReactNode }) {
  const { client, queries, root } = server;
  return (
    <HotplateProvider client={client}>
      <QueryClientProvider client={queries}>
        <ServerOfFiles value={client.url}>
          <Router hook={outwards(server)}>
            <Boundary key={root}>{children}</Boundary>
          </Router>
        </ServerOfFiles>
      </QueryClientProvider>
    </HotplateProvider>
  );
}

const hooks = new WeakMap<Server, BaseLocationHook>();

/** Links lead to the console, in a window of its own: the page around is not ours to leave. */
function outwards(server: Server): BaseLocationHook {
  let hook = hooks.get(server);
  if (!hook) {
    const address = (to: string) => `${server.root}/console${to}`;
    const open = (to: string) => void window.open(address(to), "_blank", "noopener");
    hook = Object.assign(() => ["/", open] as [string, typeof open], { hrefs: address });
    hooks.set(server, hook);
  }
  return hook;
}
