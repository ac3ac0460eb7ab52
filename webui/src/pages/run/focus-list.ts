/** Gives the focus back to the list, or the graph, of a run once what stood before it is gone: on a narrow page it is hidden until then. */
export function focusList(): void {
  requestAnimationFrame(() => document.querySelector<HTMLElement>("[role=tree], [data-node][tabindex='0']")?.focus());
}
