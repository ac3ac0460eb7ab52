import type { PageKey } from "../ui/page-keys.ts";
import { ROOMS } from "./rooms.ts";

/** What a key asks of the shell, or of the page in it. */
export type Act = { do: "palette" | "keys" | "search" } | { do: "go"; path: string } | { do: "page"; key: PageKey };

/** Keys as the sheet behind `?` shows them. */
export const KEYS: readonly { keys: string; what: string }[] = [
  { keys: "Ctrl K", what: "Search or jump; ⌘ K as well" },
  { keys: "/", what: "Search on this page" },
  { keys: "?", what: "These keys" },
  ...ROOMS.map(({ key, name }) => ({ keys: `g ${key}`, what: `Go to ${name}` })),
  { keys: "Esc", what: "Close what is open" },
];

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

interface Around {
  /** The key before it; empty when that was long ago. */
  before: string;
  isTyping: boolean;
  /** Keys of the page that is open. */
  page?: readonly PageKey[];
}

/**
 * What a key does after the one before it; undefined when it is somebody else's, as all but Ctrl K are while one types.
 */
export function toAct({ key, ctrlKey, metaKey, altKey }: Pressed, around: Around): Act | undefined {
  const { before, isTyping, page = [] } = around;
  if ((ctrlKey || metaKey) && !altKey && key.toLowerCase() === "k") return { do: "palette" };
  if (ctrlKey || metaKey || altKey || isTyping) return undefined;
  const own = [`${before} ${key}`, key].map((keys) => page.find((each) => each.keys === keys && each.does));
  const pressed = own.find((each) => each !== undefined);
  if (pressed !== undefined) return { do: "page", key: pressed };
  if (before === "g") {
    const room = ROOMS.find((each) => each.key === key);
    if (room !== undefined) return { do: "go", path: room.path };
  }
  if (key === "?") return { do: "keys" };
  return key === "/" ? { do: "search" } : undefined;
}
