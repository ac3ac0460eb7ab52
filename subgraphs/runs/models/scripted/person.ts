/** Words of the first and the second person, and each other's counterpart; longer ones first. */
const PERSONS: readonly (readonly [string, string])[] = [
  ["i am", "you are"],
  ["am i", "are you"],
  ["i was", "you were"],
  ["was i", "were you"],
  ["i'm", "you're"],
  ["i've", "you've"],
  ["i'll", "you'll"],
  ["i'd", "you'd"],
  ["myself", "yourself"],
  ["mine", "yours"],
  ["my", "your"],
  ["me", "you"],
  ["i", "you"],
];

const COUNTERPARTS = new Map<string, string>([
  ...PERSONS.map(([first, second]) => [second, first] as const).reverse(),
  ...PERSONS,
]);
const PERSON = new RegExp(
  `(?<![\\p{L}\\p{N}'])(?:${[...COUNTERPARTS.keys()].sort((a, b) => b.length - a.length).join("|")})(?![\\p{L}\\p{N}])`,
  "giu",
);
const FIRST = new RegExp(
  `(?<![\\p{L}\\p{N}'])(?:${PERSONS.map(([first]) => first).join("|")})(?![\\p{L}\\p{N}])`,
  "iu",
);

/** What a user said, said back: "my favourite number" becomes "your favourite number", and the other way round. */
export function swapPersons(text: string): string {
  return text.replaceAll("’", "'").replaceAll(PERSON, (word: string, at: number) => {
    const swapped = COUNTERPARTS.get(word.toLowerCase()) ?? word;
    // "you" is "I" in front of a verb and "me" behind one; with nothing after it, it stands behind one.
    if (word.toLowerCase() === "you") return at + word.length === text.length ? "me" : "I";
    return swapped.replace(/^i(?=$|['\s])/, "I").replace(/(?<=\s)i$/, "I");
  });
}

/** Whether the text speaks of the one who says it. */
export function isFirstPerson(text: string): boolean {
  return FIRST.test(text.replaceAll("’", "'"));
}

/** The text as a sentence: a capital at its start and a full stop at its end, unless it has a mark there. */
export function toSentence(text: string): string {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 32);
  const upper = /^https?:/i.test(text) ? first : first.toLocaleUpperCase("en");
  return `${upper}${text.slice(first.length)}${/[.!?…。！？]$/.test(text) ? "" : "."}`;
}
