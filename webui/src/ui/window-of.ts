/** Which lines of a long list are near the screen: the first, and the one after the last. */
export interface Window {
  from: number;
  to: number;
}

interface WindowParams {
  count: number;
  rowHeight: number;
  scrollTop: number;
  height: number;
}

/** Lines beyond the edges, so that a fast scroll finds them drawn. */
const BEYOND = 12;

/** Lines of one height: a list of any length then costs what is seen of it. */
export function windowOf({ count, rowHeight, scrollTop, height }: WindowParams): Window {
  const first = Math.floor(scrollTop / rowHeight) - BEYOND;
  const from = Math.max(0, Math.min(first, count - 1));
  const to = Math.min(count, Math.max(from, Math.ceil((scrollTop + height) / rowHeight) + BEYOND));
  return { from, to };
}

/** Where to scroll so that a line is seen whole; undefined when it is already. */
export function toReveal(
  at: number,
  { rowHeight, scrollTop, height }: Omit<WindowParams, "count">,
): number | undefined {
  const [top, bottom] = [at * rowHeight, (at + 1) * rowHeight];
  if (top < scrollTop) return top;
  return bottom > scrollTop + height ? bottom - height : undefined;
}
