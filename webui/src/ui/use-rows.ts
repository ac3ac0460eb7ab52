import { type RefObject, useCallback, useEffect, useRef, useState } from "react";
import { toReveal, type Window, windowOf } from "./window-of.ts";

/** Below this the lines of a list have two rows of text each. */
const NARROW_PX = 640;

interface RowsParams {
  count: number;
  /** Heights of a line where there is room, and where there is little, for texts of the usual size. */
  heights: { wide: number; narrow: number };
  /** Whether to stay at the end while lines are added there, as long as the reader is at it. */
  followsEnd: boolean;
}

interface Rows {
  /** For the element that scrolls. */
  box: RefObject<HTMLDivElement | null>;
  shown: Window;
  rowHeight: number;
  isNarrow: boolean;
  /** Scrolls as little as is needed to see a line. */
  reveal(at: number): void;
}

interface View {
  width: number;
  height: number;
  scrollTop: number;
  scale: number;
}

/** Before anything was measured. */
const FIRST_VIEW: View = { width: NARROW_PX, height: 600, scrollTop: 0, scale: 1 };

/** How many times larger than usual the reader has texts: lines grow with them. */
function textScale(): number {
  return Number.parseFloat(getComputedStyle(document.documentElement).fontSize) / 16 || 1;
}

/** The lines of a long list that are near the screen, as its box scrolls and changes its size. */
export function useRows({ count, heights, followsEnd }: RowsParams): Rows {
  const box = useRef<HTMLDivElement>(null);
  const [{ width, height, scrollTop, scale }, setView] = useState(FIRST_VIEW);
  const isNarrow = width < NARROW_PX * scale;
  const rowHeight = (isNarrow ? heights.narrow : heights.wide) * scale;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void =>
      // A line at a time: less would draw the same lines again.
      setView((before) => {
        const top = Math.floor(element.scrollTop / rowHeight) * rowHeight;
        const { clientWidth, clientHeight } = element;
        const next = { width: clientWidth, height: clientHeight, scrollTop: top, scale: textScale() };
        return (Object.keys(next) as (keyof View)[]).every((key) => before[key] === next[key]) ? before : next;
      });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [rowHeight]);
  const reveal = useCallback(
    (at: number): void => {
      const element = box.current;
      if (element === null) return;
      const top = toReveal(at, { rowHeight, scrollTop: element.scrollTop, height: element.clientHeight });
      if (top !== undefined) element.scrollTop = top;
    },
    [rowHeight],
  );
  useEnd(box, { count, rowHeight, followsEnd });
  return { box, shown: windowOf({ count, rowHeight, scrollTop, height }), rowHeight, isNarrow, reveal };
}

function useEnd(
  box: RefObject<HTMLDivElement | null>,
  { count, rowHeight, followsEnd }: { count: number; rowHeight: number; followsEnd: boolean },
): void {
  const before = useRef(count);
  useEffect(() => {
    const [element, end, grew] = [box.current, before.current * rowHeight, count > before.current];
    before.current = count;
    // Lines that were there already, or that became higher, are no news: where the list was read it stays.
    if (element === null || !followsEnd || !grew) return;
    if (element.scrollTop + element.clientHeight >= end - rowHeight) element.scrollTop = element.scrollHeight;
  }, [box, count, rowHeight, followsEnd]);
}
