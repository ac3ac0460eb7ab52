const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** What is wrong with the id of a node or a branch; undefined when nothing is. Where a step stands in its run is written with / and []. */
export function nodeNameFault(name: string): string | undefined {
  if (NAME.test(name)) return undefined;
  return `"${name.slice(0, 80)}" is not 1 to 64 of letters, digits, _ and -, a letter first`;
}
