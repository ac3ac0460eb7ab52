export type ListKey = (typeof KEYS)[keyof typeof KEYS];

const KEYS = {
  ArrowDown: "down",
  ArrowUp: "up",
  PageDown: "pageDown",
  PageUp: "pageUp",
  Home: "first",
  End: "last",
  Enter: "open",
  Escape: "close",
  ArrowRight: "unfold",
  ArrowLeft: "fold",
} as const;

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What a key does in a list of steps; undefined when it is somebody else's. */
export function toListKey({ key, ctrlKey, metaKey, altKey }: Pressed): ListKey | undefined {
  if (ctrlKey || metaKey || altKey || !Object.hasOwn(KEYS, key)) return undefined;
  return KEYS[key as keyof typeof KEYS];
}
