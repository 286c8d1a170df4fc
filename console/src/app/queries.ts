import { HotplateError } from "@hotplate/client";
import { useTopic } from "@hotplate/client/react";
import { QueryClient } from "@tanstack/react-query";

/** Asked again by itself while the server is away; what it has said of what was asked stands. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, error) =>
        !(error instanceof HotplateError && error.code !== 0 && error.code !== -32020) && failures < 100,
      retryDelay: (failures) => Math.min(500 * 2 ** failures, 5_000),
      networkMode: "always",
    },
    mutations: { networkMode: "always" },
  },
});

/** Whether updates come: null before that is known. */
export function useConnection(): boolean | null {
  return useTopic<boolean>("connection").value;
}
