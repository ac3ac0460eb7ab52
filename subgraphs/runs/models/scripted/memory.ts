import { type ChatMessage, MEMORY_HEADING } from "@soma/sdk/model-client";
import { parseIntents } from "./intents.ts";
import { isFirstPerson, swapPersons } from "./person.ts";
import { SELF, toPlain } from "./text.ts";

/** Facts read at most, the most relevant ones. */
const MAX_FACTS = 200;
/** Facts told in one answer at most. */
const MAX_TOLD = 8;

/** How the scripted model's own answers begin. They are remembered too, and what it once did not know is no fact. */
const OWN_ANSWER =
  /^(?:I (?:remembered|noted|do not know|did not understand|was not allowed|know this about|know nothing about|only know|cannot|am the scripted|understand)\b|https?:|Here is |The (?:code|time)\b)/;

/**
 * What the system messages hold below MEMORY_HEADING, as statements in the order of relevance. A memory may be a fact, but
 * also a whole message of an earlier conversation: its questions and requests are left out, and "remember that ..." is opened.
 */
export function readFacts(messages: readonly ChatMessage[]): string[] {
  const facts = messages
    .flatMap((message) => (message.role === "system" ? memoryLines(message.content) : []))
    .flatMap(statementsOf);
  return [...new Set(facts)].slice(0, MAX_FACTS);
}

function memoryLines(content: string): string[] {
  const lines = content.split("\n");
  const start = lines.indexOf(MEMORY_HEADING);
  if (start === -1) return [];
  const section = lines.slice(start + 1);
  const end = section.findIndex((line) => !line.startsWith("- "));
  return section.slice(0, end === -1 ? undefined : end).map((line) => line.slice(2));
}

function statementsOf(memory: string): string[] {
  return parseIntents(memory.split(SELF, 1).join("")).flatMap((intent) => {
    if (intent.kind === "remember") return [intent.text];
    return intent.kind === "unknown" && !OWN_ANSWER.test(intent.text) ? [intent.text.replace(/[.!\s]+$/, "")] : [];
  });
}

/** The fact that answers a question, said to the user; undefined when none does. */
export function findAnswer(question: string, facts: readonly string[]): string | undefined {
  const wanted = contentWords(/\bwho am i$/i.test(question) ? "my name" : question);
  if (wanted.length === 0) return undefined;
  const fitting = facts.filter((fact) => containsAll(fact, wanted));
  // A fact that speaks of "my brother's number" holds the words of "my number" as well; the one with the very phrase is meant.
  const phrase = /\b(?:is|are|was|were|am)\s+((?:my|our|the)\s.+)$/i.exec(toPlain(question))?.[1] ?? question;
  const best = (candidates: string[]): string | undefined =>
    candidates.find((fact) => includesPhrase(fact, phrase)) ?? candidates[0];
  if (!isFirstPerson(question)) return toldBack(best(fitting));
  const said = best(fitting.filter(isFirstPerson));
  return said === undefined ? best(fitting.filter((fact) => /\byou(?:r|rs)?\b/i.test(fact))) : toldBack(said);
}

/** What speaks of "you" was an assistant's answer and speaks to the user already. */
function toldBack<T extends string | undefined>(fact: T): T | string {
  return fact === undefined || !isFirstPerson(fact) ? fact : swapPersons(fact);
}

/** Facts about something, said to the user; about the user when `about` is null. At most eight. */
export function findFacts(about: string | null, facts: readonly string[]): string[] {
  const fitting =
    about === null
      ? facts.filter(isFirstPerson)
      : facts.filter((fact) => containsAll(fact, contentWords(about)) && contentWords(about).length > 0);
  return [...new Set(fitting.map(toldBack))].slice(0, MAX_TOLD);
}

const STOP_WORDS = new Set(
  (
    "a an the this that these those what who whom whose where when which why how is are am was were be been do does did has have had can could will would " +
    "i me my mine myself you your yours we us our it its he she they them their s re m ve ll d of in on at to for from with by about and or not no yes " +
    "know remember tell please again now called"
  ).split(" "),
);

function contentWords(text: string): string[] {
  const words = text
    .toLowerCase()
    .normalize("NFKC")
    .split(/[^\p{L}\p{M}\p{N}]+/u);
  return words.filter((word) => word !== "" && !STOP_WORDS.has(word)).map(toStem);
}

/** British and American spelling alike, singular and plural alike: enough to find what was said in other words. */
function toStem(word: string): string {
  const british = word.replace(/^(favo|colo|neighbo|hono)r/, "$1ur");
  return british.length > 3 ? british.replace(/(?<!s)s$/, "") : british;
}

function containsAll(fact: string, wanted: readonly string[]): boolean {
  const words = new Set(contentWords(fact));
  return wanted.every((word) => words.has(word));
}

function includesPhrase(fact: string, phrase: string): boolean {
  const flat = (text: string): string =>
    ` ${toPlain(text)
      .toLowerCase()
      .split(/[^\p{L}\p{M}\p{N}']+/u)
      .map(toStem)
      .join(" ")} `;
  return flat(fact).includes(flat(phrase));
}
