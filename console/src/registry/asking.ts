import { HotplateError } from "@hotplate/client";
import { QueryClient } from "@tanstack/react-query";

/** What is asked of a server: again by itself while it is away; what it has said of what was asked stands. */
export const asking = (): QueryClient =>
  new QueryClient({
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

/** Whether the caller may not do what was asked. */
export const isRefused = (error: unknown): boolean =>
  error instanceof HotplateError && (error.code === -32001 || error.code === -32003);
