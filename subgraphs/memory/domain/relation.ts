const RELATION = /^[a-z]+(_[a-z]+)*$/;
const MAX_LENGTH = 40;

/** Whether this can name how one memory belongs to another: lower-case words joined by underscores. */
export function isRelation(value: string): boolean {
  return value.length <= MAX_LENGTH && RELATION.test(value);
}
