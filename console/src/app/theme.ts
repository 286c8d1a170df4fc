/** Light, dark, or as the system has it; remembered in this browser. */
import { useState } from "react";

export type Theme = "auto" | "light" | "dark";

const KEY = "hotplate.theme";

function kept(): Theme {
  try {
    const word = localStorage.getItem(KEY);
    return word === "light" || word === "dark" ? word : "auto";
  } catch {
    return "auto"; // a browser that keeps nothing
  }
}

function show(theme: Theme): void {
  document.documentElement.style.colorScheme = theme === "auto" ? "light dark" : theme;
  document.documentElement.dataset.theme = theme;
  window.dispatchEvent(new Event("themechange")); // for what is drawn, not styled
}

show(kept());

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(kept);
  return [
    theme,
    (next) => {
      setTheme(next);
      show(next);
      try {
        localStorage.setItem(KEY, next);
      } catch {
        // it lasts as long as the page
      }
    },
  ];
}
