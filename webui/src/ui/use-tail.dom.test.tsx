import { act, render, renderHook, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { useTail } from "./use-tail.tsx";

const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

/** The first that is shown, and how many are, of a list as it grows. */
function openTail(isRead?: () => boolean) {
  const { result, rerender } = renderHook((list: number[]) => useTail(list, 10, isRead), { initialProps: upTo(4) });
  return {
    grow(count: number): [number | undefined, number] {
      rerender(upTo(count));
      return [result.current.shown[0], result.current.shown.length];
    },
    note: () => result.current.note,
  };
}

test("useTail() shows the newest of a list that grows, says how many there are, and shows all when asked to", () => {
  const tail = openTail();
  expect([tail.grow(10), tail.note()]).toEqual([[1, 10], null]);
  expect(tail.grow(25)).toEqual([16, 10]);
  render(tail.note());
  expect(screen.getByText(/^The newest 10 of 25 are shown\./)).toBeDefined();
  act(() => screen.getByRole("button", { name: "Show all" }).click());
  expect([tail.grow(26), tail.note()]).toEqual([[1, 26], null]);
});

test("useTail() leaves out nothing that somebody reads, up to five times its limit, and does so once they have read it", () => {
  let isRead = true;
  const tail = openTail(() => isRead);
  expect([tail.grow(14), tail.note()]).toEqual([[1, 14], null]);
  expect(tail.grow(50)).toEqual([1, 50]);
  // A history is not loaded whole for who reads elsewhere.
  expect(tail.grow(51)).toEqual([42, 10]);
  expect(tail.grow(60)).toEqual([42, 19]);
  isRead = false;
  expect(tail.grow(60)).toEqual([51, 10]);
  expect(tail.grow(12)).toEqual([3, 10]);
});
