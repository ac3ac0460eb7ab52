/** Answers of a subscription that are shown. */
const MOST_ANSWERS = 50;
/** Of all of them together; what is as long as this is still scrolled and searched at once. */
const MOST_CHARACTERS = 1_000_000;

/** The newest answer first, and of those before it as many as there is room for. */
export function withNewest(newest: string, before: readonly string[]): string[] {
  const kept = [newest];
  let room = MOST_CHARACTERS - newest.length;
  for (const answer of before.slice(0, MOST_ANSWERS - 1)) {
    room -= answer.length;
    if (room < 0) break;
    kept.push(answer);
  }
  return kept;
}
