import type { Page } from "playwright-core";

const CONTROLS = "a[href], button, select, textarea, input, summary";

/** Of the controls of a page, each that something lies over, or that is beyond the edge, when it has the focus. */
export function findCovered(page: Page, controls = CONTROLS): Promise<string[]> {
  return page.evaluate((all) => {
    const tell = (element: Element | null): string => element?.outerHTML.slice(0, 120) ?? "the edge";
    const isOf = (control: HTMLElement, hit: Element | null): boolean =>
      control.contains(hit) || [...((control as HTMLInputElement).labels ?? [])].some((label) => label.contains(hit));
    return [...document.querySelectorAll<HTMLElement>(all)].flatMap((control) => {
      if (document.activeElement !== control && control.checkVisibility({ visibilityProperty: true })) control.focus();
      if (document.activeElement !== control) return [];
      // A link may have several lines.
      return [...control.getClientRects()]
        .flatMap(({ left, right, top, bottom }) =>
          [top + 2, bottom - 2].map((y) => document.elementFromPoint((left + right) / 2, y)),
        )
        .filter((hit) => !isOf(control, hit))
        .map((hit) => `${tell(hit)} lies over ${tell(control)}`);
    });
  }, controls);
}

/** What lies over that which has the focus, as findCovered() tells it. */
export function coveredFocus(page: Page): Promise<string[]> {
  return findCovered(page, ":focus");
}
