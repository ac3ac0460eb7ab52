/** The longest a timer can wait, in milliseconds; one that is given more rings at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
