import { useEffect, useRef, useState } from "react";

/** The value, another one at most this often: what each of them would ask for costs the server something. */
export function useCalm<T>(value: T, everyMs: number): T {
  const [calm, setCalm] = useState(value);
  const newest = useRef(value);
  useEffect(() => {
    newest.current = value;
  });
  const isOld = calm !== value;
  useEffect(() => {
    if (!isOld) return;
    const timer = setTimeout(() => setCalm(newest.current), everyMs);
    return () => clearTimeout(timer);
  }, [isOld, everyMs]);
  return calm;
}
