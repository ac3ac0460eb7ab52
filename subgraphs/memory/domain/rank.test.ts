import { describe, expect, it } from "vitest";
import { type Candidate, joinCandidates, rank } from "./rank.ts";

const now = new Date("2026-06-01T00:00:00Z");

function candidate(id: string, changes: Partial<Candidate> = {}): Candidate {
  return {
    id,
    content: `content ${id}`,
    kind: "MESSAGE",
    createdAt: now,
    wordsPlace: 1,
    spellingPlace: null,
    matchedWords: ["content"],
    ...changes,
  };
}
const order = (candidates: Candidate[], query = "q", limit = 10) =>
  rank(candidates, query, now, limit).map((hit) => hit.candidate.id);

describe("rank()", () => {
  it("puts what both searches found before what one found", () => {
    expect(
      order([candidate("one", { wordsPlace: 1 }), candidate("both", { wordsPlace: 2, spellingPlace: 2 })]),
    ).toEqual(["both", "one"]);
  });

  it("prefers facts to messages, and new to old when nothing else tells them apart", () => {
    const old = new Date("2025-01-01T00:00:00Z");
    expect(
      order([candidate("message", { wordsPlace: 1 }), candidate("fact", { wordsPlace: 3, kind: "FACT" })]),
    ).toEqual(["fact", "message"]);
    expect(order([candidate("old", { createdAt: old }), candidate("new")])).toEqual(["new", "old"]);
  });

  it("gives repeated content once: the fact before the message, else the newest", () => {
    const same = { content: "My number is 37." };
    expect(
      order([candidate("a", { ...same, createdAt: new Date(0) }), candidate("b", { content: "my number is 37" })]),
    ).toEqual(["b"]);
    expect(
      order([candidate("fact", { ...same, kind: "FACT", createdAt: new Date(0) }), candidate("message", same)]),
    ).toEqual(["fact"]);
  });

  it("leaves out a message that only repeats the query", () => {
    expect(
      order(
        [candidate("asked", { content: "What is my number?" }), candidate("fact", { kind: "FACT" })],
        "what is my number",
      ),
    ).toEqual(["fact"]);
  });

  it("scores from 0 to 1 with the best at 1, keeps to the limit, and says why", () => {
    const hits = rank(
      [
        candidate("a"),
        candidate("b", { wordsPlace: null, spellingPlace: 20, matchedWords: [] }),
        candidate("c", { wordsPlace: 9 }),
      ],
      "q",
      now,
      2,
    );
    expect(hits.map((hit) => hit.candidate.id)).toEqual(["a", "c"]);
    expect(hits[0]).toMatchObject({ score: 1, why: "words: content" });
    expect(rank([candidate("b", { matchedWords: [], spellingPlace: 1 })], "q", now, 1)[0]?.why).toBe(
      "similar spelling",
    );
    expect(rank([], "q", now, 5)).toEqual([]);
  });
});

describe("joinCandidates()", () => {
  it("gives each memory once, at the better of its places, with what was known of it", () => {
    const spelled = { wordsPlace: null, spellingPlace: 4, matchedWords: [] };
    const joined = joinCandidates(
      [candidate("both", { wordsPlace: 3 }), candidate("spelled", spelled), candidate("first", { wordsPlace: 2 })],
      [candidate("both", { matchedWords: [] }), candidate("spelled", { wordsPlace: 5 }), candidate("second")],
    );
    expect(joined.map(({ id, wordsPlace }) => [id, wordsPlace])).toEqual([
      ["both", 1],
      ["spelled", 5],
      ["first", 2],
      ["second", 1],
    ]);
    expect(joined[0]?.matchedWords).toEqual(["content"]);
    expect(joined[1]?.spellingPlace).toBe(4);
  });
});
