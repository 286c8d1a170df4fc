import { createContext, useContext } from "react";

/** The server that values come from: its paths are paths there. The page's own, unless it is said. */
export const Server = createContext<string | null>(null);

/** The address of a file of the server; null for what is no path of it, which nobody is led to. */
export function addressOf(url: string, server: string): string | null {
  if (!url.startsWith("/")) return null;
  try {
    const address = new URL(url, server);
    return address.origin === new URL(server).origin ? address.href : null;
  } catch {
    return null;
  }
}

/** The address of a file of the server that values come from. */
export function useAddress(url: string): string | null {
  return addressOf(url, useContext(Server) ?? document.baseURI);
}
