import { type ReactNode, useSyncExternalStore } from "react";
import styles from "./theme.module.css";

export const THEMES = { system: "System", light: "Light", dark: "Dark" } as const;
export type Theme = keyof typeof THEMES;

/** Also read by public/theme.js, before the first paint. */
const KEY = "soma.theme";

const changed = new EventTarget();

export function ThemeSwitch(): ReactNode {
  const theme = useSyncExternalStore(onTheme, readTheme, () => "system" as const);
  return (
    <label className={styles.switch}>
      <span className={styles.label}>Theme</span>
      <select value={theme} onChange={(event) => chooseTheme(toTheme(event.target.value))}>
        {Object.entries(THEMES).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

export function chooseTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
  changed.dispatchEvent(new Event("theme"));
}

function toTheme(value: string | undefined): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

function readTheme(): Theme {
  return toTheme(document.documentElement.dataset.theme);
}

function onTheme(notify: () => void): () => void {
  changed.addEventListener("theme", notify);
  return () => changed.removeEventListener("theme", notify);
}
