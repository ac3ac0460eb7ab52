/** What the agents of this folder are; a deploy writes 2 here. */
export const VERSION: number = 1;
