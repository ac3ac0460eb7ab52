/** Name of the hint that a run waits for a worker; a run's own hint has the run's id as its name. */
export const WORK_WAITS = "work";
