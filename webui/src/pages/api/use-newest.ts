import { useEffect, useRef, useState } from "react";

/** A function that stays the same, and does what the newest one of the page does. */
export function useNewest(act: () => void): () => void {
  const newest = useRef(act);
  useEffect(() => {
    newest.current = act;
  });
  return useState(() => () => newest.current())[0];
}
