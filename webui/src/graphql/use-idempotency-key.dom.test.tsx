import { renderHook } from "@testing-library/react";
import { expect, test } from "vitest";
import { useIdempotencyKey } from "./use-idempotency-key.ts";

test("useIdempotencyKey() keeps a key while the same is asked, and has another for another thing and for what comes after", () => {
  const { result, rerender } = renderHook(() => useIdempotencyKey());
  const first = result.current.keyFor("a");
  rerender();
  expect(result.current.keyFor("a")).toBe(first);
  const other = result.current.keyFor("b");
  result.current.done();
  const after = result.current.keyFor("b");
  expect(new Set([first, other, after, result.current.keyFor("a")]).size).toBe(4);
});
