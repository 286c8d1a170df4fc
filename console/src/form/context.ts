/** What all fields of a form share. */
import type { FileInfo } from "@hotplate/client";
import { createContext, useContext } from "react";
import type { Components, Schema } from "../schema";
import type { Shape } from "./kind";
import type { Path } from "./value";

/** Brings a file to the server. `onProgress` is told the share that has arrived, from 0 to 1. */
export type Upload = (file: File, onProgress: (share: number) => void, signal: AbortSignal) => Promise<FileInfo>;

export interface FormParts {
  components: Components;
  /** What is wrong, by the key of the path of the field that says it. */
  problems: ReadonlyMap<string, string>;
  /** Where the fields are that can say so. */
  places: Map<string, HTMLElement>;
  /** Somebody has left a field. */
  touch: (path: Path) => void;
  upload: Upload;
}

export const FormContext = createContext<FormParts | null>(null);

export function useForm(): FormParts {
  const parts = useContext(FormContext);
  if (!parts) throw new Error("a field stands in a SchemaForm");
  return parts;
}

/** What a field is given. */
export interface FieldProps {
  name: string;
  path: Path;
  schema: Schema;
  value: unknown;
  onChange: (value: unknown) => void;
  isRequired: boolean;
  /** Its name stands elsewhere, such as in the head of a list. */
  isBare?: boolean;
}

/** What stands within a field gets besides. */
export interface WidgetProps extends Omit<FieldProps, "schema" | "isBare"> {
  shape: Shape;
  /** What it is while it is not set. */
  empty: null | undefined;
  canUnset: boolean;
  /** For the control, or for the first one. */
  control: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: true;
    "aria-required"?: true;
    "aria-label"?: string;
  };
}
