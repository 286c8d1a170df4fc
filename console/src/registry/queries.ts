import { useClient } from "@hotplate/client/react";
import { useQuery } from "@tanstack/react-query";
import { registryFrom, type WireDocument } from "./domain";

/** What the server has declared. Asked for once, and again when the page is looked at again after a while. */
export function useRegistry() {
  const client = useClient();
  return useQuery({
    queryKey: ["registry"],
    queryFn: async ({ signal }) => registryFrom((await client.call("rpc.discover", {}, { signal })) as WireDocument),
    staleTime: 30_000,
  });
}
