import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { comeIntoView } from "../../testing/page.tsx";
import { useRefresh } from "./use-refresh.ts";

const BEAT_MS = 5_000;

afterEach(() => void vi.useRealTimers());

test("useRefresh() waits for an answer that takes longer than its beat, and asks anew when somebody comes to look", () => {
  vi.useFakeTimers();
  const refresh = vi.fn();
  const asked = { fetching: true, stale: false };
  const { rerender } = renderHook((answer) => useRefresh(answer, refresh, BEAT_MS), { initialProps: asked });
  const count = (beats: number): number => {
    act(() => void vi.advanceTimersByTime(beats * BEAT_MS));
    return refresh.mock.calls.length;
  };
  expect(count(4)).toBe(0);
  act(comeIntoView);
  expect(count(0)).toBe(1);
  rerender({ fetching: false, stale: true });
  expect(count(4)).toBe(1);
  rerender({ fetching: false, stale: false });
  expect(count(2)).toBe(3);
});
