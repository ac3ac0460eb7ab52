import { type ReactNode, useState } from "react";
import styles from "./theme.module.css";

const THEMES = { system: "System", light: "Light", dark: "Dark" } as const;
type Theme = keyof typeof THEMES;

/** Also read by public/theme.js, before the first paint. */
const KEY = "soma.theme";

export function ThemeSwitch(): ReactNode {
  const [theme, setTheme] = useState(readTheme);
  const choose = (value: string): void => {
    const next = toTheme(value);
    setTheme(next);
    applyTheme(next);
  };
  return (
    <label className={styles.switch}>
      <span className={styles.label}>Theme</span>
      <select value={theme} onChange={(event) => choose(event.target.value)}>
        {Object.entries(THEMES).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </label>
  );
}

function toTheme(value: string | undefined): Theme {
  return value === "light" || value === "dark" ? value : "system";
}

function readTheme(): Theme {
  return toTheme(document.documentElement.dataset.theme);
}

function applyTheme(theme: Theme): void {
  const { dataset } = document.documentElement;
  if (theme === "system") delete dataset.theme;
  else dataset.theme = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice holds until the page is closed.
  }
}
