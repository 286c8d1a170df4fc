import type { Client } from "@hotplate/client";
import { useClient } from "@hotplate/client/react";
import { queryOptions, useQuery } from "@tanstack/react-query";
import { registryFrom, type WireDocument } from "./domain";

/** What a server has declared. Asked for once, and again when the page is looked at again after a while. */
export const registryOf = (client: Client) =>
  queryOptions({
    queryKey: ["registry"],
    queryFn: async ({ signal }) => registryFrom((await client.call("rpc.discover", {}, { signal })) as WireDocument),
    staleTime: 30_000,
  });

export const useRegistry = () => useQuery(registryOf(useClient()));
