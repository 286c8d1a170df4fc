/** The servers that the elements of a page talk to: one client for each. */
import { connect, type Client } from "@hotplate/client";
import type { QueryClient } from "@tanstack/react-query";
import { asking } from "../registry/asking";

export interface Server {
  client: Client;
  queries: QueryClient;
  /** Below which its addresses are, without a slash at its end. */
  root: string;
}

const servers = new Map<string, Server>();

/** The server whose elements these are, unless one says otherwise. */
const OWN = new URL(/* @vite-ignore */ "../rpc", import.meta.url).href;

/** A server by its root or its RPC address. Throws if that is no address. */
export function serverAt(address: string | null): Server {
  const client = address ? connect(address) : connect(OWN);
  let server = servers.get(client.url);
  if (!server) {
    const root = new URL(".", client.url).href.replace(/\/$/, "");
    servers.set(client.url, (server = { client, queries: asking(), root }));
  }
  return server;
}
