import { MEMORY_HEADING } from "./model-client.ts";

/** Words that say nothing about what a question is about. */
const EMPTY = new Set(
  "a an the is are was were am be do does did have has had what who whom whose where when which why how can could would will you your i my me we our us it its of for to in on at and or that this tell know remember please about with from".split(
    " ",
  ),
);

/** Facts of the memory section of a system message, most relevant first: its sentences without questions and commands. */
export function readFacts(system: string): string[] {
  const start = system.indexOf(MEMORY_HEADING);
  if (start === -1) return [];
  const lines = system
    .slice(start + MEMORY_HEADING.length)
    .split("\n")
    .filter((line) => line.startsWith("- "));
  return lines
    .flatMap((line) => sentencesOf(line.slice(2)))
    .filter((sentence) => !sentence.endsWith("?") && !OWN_WORDS.test(sentence))
    .map(withoutCommand);
}

/** What this model itself says when it has nothing to tell; remembered answers must not come back as facts. */
const OWN_WORDS = /^(?:I (?:remembered|do not know|was not allowed|noted|fetched)|This is what I remember|Your? |The clock|Hello|You are welcome)/;

function sentencesOf(text: string): string[] {
  return (
    text
      .match(/[^.!?]+(?:[.!?](?!\s|$)[^.!?]*)*[.!?]?/g)
      ?.map((sentence) => sentence.trim())
      .filter((sentence) => sentence !== "") ?? []
  );
}

function withoutCommand(sentence: string): string {
  return sentence.replace(/^(?:please )?(?:remember|keep in mind|do not forget|don't forget)(?: that|:)?\s+/i, "").replace(/[.!]+$/, "");
}

/** The fact that answers a question: the one that has most of its words, at least half; undefined when there is none. */
export function findFact(facts: readonly string[], question: string): string | undefined {
  const asked = wordsOf(question);
  if (asked.length === 0) return undefined;
  const scored = facts.map((fact) => ({ fact, share: asked.filter((word) => wordsOf(fact).some((other) => alike(word, other))).length / asked.length }));
  const best = scored.reduce<(typeof scored)[number] | undefined>((found, next) => (found === undefined || next.share > found.share ? next : found), undefined);
  return best !== undefined && best.share >= 0.5 ? best.fact : undefined;
}

/** Facts that share a word with a subject; all of them when there is no subject. */
export function factsAbout(facts: readonly string[], about: string | null): string[] {
  if (about === null) return [...new Set(facts)];
  const words = wordsOf(about);
  return [...new Set(facts.filter((fact) => words.some((word) => wordsOf(fact).some((other) => alike(word, other)))))];
}

function wordsOf(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !EMPTY.has(word));
}

/** The same word, also in its plural and in British or American spelling. */
function alike(a: string, b: string): boolean {
  const plain = (word: string): string => word.replace(/ou(?=r)/g, "o").replace(/s$/, "");
  return plain(a) === plain(b);
}

const SECOND_PERSON: Readonly<Record<string, string>> = {
  my: "your",
  mine: "yours",
  myself: "yourself",
  i: "you",
  me: "you",
  am: "are",
  "i'm": "you are",
  "i've": "you have",
  "i'd": "you would",
  "i'll": "you will",
  our: "your",
  we: "you",
  was: "was",
};

/** "my favourite number is 37" as "your favourite number is 37". */
export function toSecondPerson(text: string): string {
  return text.replace(/[\p{L}]+(?:'[\p{L}]+)?/gu, (word) => SECOND_PERSON[word.toLowerCase()] ?? word);
}

export function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
