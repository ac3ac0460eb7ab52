/** A candidate as the two searches found it; places start at 1. */
export interface Candidate {
  id: string;
  content: string;
  kind: string;
  createdAt: Date;
  wordsPlace: number | null;
  spellingPlace: number | null;
  /** Words of the query the content has. */
  matchedWords: string[];
}

/** What two searches by words found, each memory once, at the better of its places. */
export function joinCandidates(first: readonly Candidate[], second: readonly Candidate[]): Candidate[] {
  const joined = new Map(first.map((candidate) => [candidate.id, candidate]));
  for (const candidate of second) {
    const known = joined.get(candidate.id);
    const places = [known?.wordsPlace, candidate.wordsPlace].filter((place) => typeof place === "number");
    joined.set(candidate.id, { ...(known ?? candidate), wordsPlace: Math.min(...places) });
  }
  return [...joined.values()];
}

interface Ranked<C extends Candidate> {
  candidate: C;
  /** 0 to 1, comparable within one answer. */
  score: number;
  why: string;
}

/** Reciprocal rank fusion: the usual constant, which keeps the first places of one search from deciding alone. */
const FUSION_K = 60;
/** What the user asked to keep counts more than what was said in passing. */
const FACT_BONUS = 1.5;
/** A memory a month old counts a tenth less than a new one; age never counts more than that. */
const AGE_WEIGHT = 0.1;
const AGE_DAYS = 30;

/**
 * Brings both searches into one order: fused by place, a little more for facts and for what is new. Content that
 * repeats is given once, its newest form; a message that says the query itself answers nothing and is left out.
 */
export function rank<C extends Candidate>(
  candidates: readonly C[],
  query: string,
  now: Date,
  limit: number,
): Ranked<C>[] {
  const asked = normalise(query);
  const newest = new Map<string, C>();
  for (const candidate of candidates) {
    const text = normalise(candidate.content);
    if (candidate.kind !== "FACT" && text === asked) continue;
    const known = newest.get(text);
    if (
      known === undefined ||
      weightOf(candidate) > weightOf(known) ||
      (weightOf(candidate) === weightOf(known) && candidate.createdAt > known.createdAt)
    )
      newest.set(text, candidate);
  }
  const scored = [...newest.values()].map((candidate) => ({ candidate, raw: rawScore(candidate, now) }));
  scored.sort((a, b) => b.raw - a.raw || b.candidate.createdAt.getTime() - a.candidate.createdAt.getTime());
  const best = scored[0]?.raw ?? 1;
  return scored.slice(0, limit).map(({ candidate, raw }) => ({
    candidate,
    score: Math.round((raw / best) * 1_000) / 1_000,
    why: whyOf(candidate),
  }));
}

function weightOf(candidate: Candidate): number {
  return candidate.kind === "FACT" ? FACT_BONUS : 1;
}

function rawScore(candidate: Candidate, now: Date): number {
  const part = (place: number | null): number => (place === null ? 0 : 1 / (FUSION_K + place));
  const days = Math.max(0, (now.getTime() - candidate.createdAt.getTime()) / 86_400_000);
  const age = 1 - AGE_WEIGHT * (1 - Math.exp(-days / AGE_DAYS));
  return (part(candidate.wordsPlace) + part(candidate.spellingPlace)) * weightOf(candidate) * age;
}

function whyOf(candidate: Candidate): string {
  return candidate.matchedWords.length > 0 ? `words: ${candidate.matchedWords.join(", ")}` : "similar spelling";
}

function normalise(text: string): string {
  return text
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, " ")
    .trim();
}
