/** Gives the focus back to the list of a run once what stood before it is gone: on a narrow page it is hidden until then. */
export function focusList(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("[role=tree]")?.focus());
}
