import { useEffect } from "react";

/** Makes `title` that of the page, with the application's name behind it. */
export function useTitle(title: string): void {
  useEffect(() => {
    const own = document.body.dataset.title ?? "Hotplate";
    document.title = title ? `${title} · ${own}` : own;
  }, [title]);
}
