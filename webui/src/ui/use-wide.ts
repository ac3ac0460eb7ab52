import { type RefObject, useEffect, useRef, useState } from "react";

/** What is said of a part that is to be scrolled sideways: nothing else tells of it where scroll bars hide. */
export const WIDER = "wider than the screen: scroll it sideways";

/** Whether what is in a part is wider than the part, as either changes its size. */
export function useWide<Part extends HTMLElement>(): { part: RefObject<Part | null>; isWide: boolean } {
  const part = useRef<Part>(null);
  const [isWide, setWide] = useState(false);
  useEffect(() => {
    const { current: box } = part;
    if (box === null) return;
    const observer = new ResizeObserver(() => setWide(box.scrollWidth > box.clientWidth));
    for (const each of [box, ...box.children]) observer.observe(each);
    return () => observer.disconnect();
  }, []);
  return { part, isWide };
}
