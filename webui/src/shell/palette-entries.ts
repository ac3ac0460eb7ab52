import { runPath } from "../place.ts";
import { THEMES, type Theme } from "../ui/theme.tsx";
import { isPlainId } from "../ui/words.ts";
import { ROOMS } from "./rooms.ts";

/** One thing the palette does. */
export interface Entry {
  words: string;
  hint: string;
  does: { go: string } | { theme: Theme } | { keys: true };
}

const FIXED: readonly Entry[] = [
  ...ROOMS.map(({ name, path, key }) => ({ words: `Go to ${name}`, hint: `g ${key}`, does: { go: path } })),
  { words: "New conversation", hint: "", does: { go: "/chat" } },
  { words: "Runs that failed", hint: "", does: { go: "/runs?status=failed" } },
  { words: "Runs with a problem", hint: "", does: { go: "/runs?outcome=problem" } },
  { words: "Runs that were recovered", hint: "", does: { go: "/runs?recovered=yes" } },
  { words: "Runs that go on", hint: "", does: { go: "/runs?status=active" } },
  ...Object.entries(THEMES).map(([theme, word]) => ({
    words: `Theme: ${word.toLowerCase()}`,
    hint: "",
    does: { theme: theme as Theme },
  })),
  { words: "Keys", hint: "?", does: { keys: true } },
];

/** What fits the words that were typed: an id leads to its run, and any text to a search among the runs. */
export function paletteEntries(typed: string): Entry[] {
  const text = typed.trim();
  if (text === "") return [...FIXED];
  if (isPlainId(text.toLowerCase())) {
    const id = text.toLowerCase();
    return [{ words: `Open run ${id}`, hint: "", does: { go: runPath(id) } }];
  }
  const wanted = text.toLowerCase().split(/\s+/);
  const fitting = FIXED.filter(({ words }) => wanted.every((word) => words.toLowerCase().includes(word)));
  const search = {
    words: `Search runs for “${text}”`,
    hint: "",
    does: { go: `/runs?text=${encodeURIComponent(text)}` },
  };
  return [...fitting, search];
}
