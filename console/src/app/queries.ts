import { useTopic } from "@hotplate/client/react";

/** Whether updates come: null before that is known. */
export function useConnection(): boolean | null {
  return useTopic<boolean>("connection").value;
}
