import { showHidden } from "@soma/schemas/hidden-characters";
import type { Item, RunView } from "../../run-log/view.ts";
import { badCallWords, STATUS } from "../../ui/status.tsx";

/** How much of a run has been said aloud. */
export interface Spoken {
  /** Characters of each text that were said, by the item's key. */
  texts: ReadonlyMap<string, number>;
  /** Status of each tool card that was said last. */
  cards: ReadonlyMap<string, string>;
  notices: number;
  run: string;
}

export const NOTHING_SPOKEN: Spoken = { texts: new Map(), cards: new Map(), notices: 0, run: "RUNNING" };

/** The end of a sentence, with its closing marks, or the end of a paragraph. */
const SENTENCE = /[.!?…]["'”’)\]*_]*\s|\n\n/g;

/** What is new in a view, as sentences for those who listen: whole ones, never the single words a text comes in. */
export function toAnnouncements(before: Spoken, view: RunView): { spoken: Spoken; sentences: string[] } {
  const sentences: string[] = [];
  const texts = new Map(before.texts);
  const cards = new Map(before.cards);
  let notices = 0;
  for (const item of view.items) {
    if (item.kind === "text") {
      const from = texts.get(item.key) ?? 0;
      const until = sayableEnd(item, from);
      sentences.push(toSpeech(item.text.slice(from, until)));
      texts.set(item.key, until);
    } else if (item.kind === "tool") {
      if (cards.get(item.key) !== item.status) sentences.push(`Tool ${item.tool}: ${STATUS[item.status].word}.`);
      cards.set(item.key, item.status);
    } else if (item.kind === "notice") {
      notices += 1;
      if (notices > before.notices) sentences.push(`${item.text}.`);
    }
  }
  if (view.status !== before.run && view.status === "SUCCEEDED") sentences.push(toEnd(view.badCalls));
  return {
    spoken: { texts, cards, notices, run: view.status },
    sentences: sentences.filter((sentence) => sentence !== "").map(showHidden),
  };
}

function toEnd(badCalls: RunView["badCalls"]): string {
  const bad = badCallWords(badCalls);
  return bad === "" ? "The run is finished." : `The run is finished, with ${bad}.`;
}

function sayableEnd(item: Extract<Item, { kind: "text" }>, from: number): number {
  if (!item.open) return item.text.length;
  const ends = [...item.text.slice(from).matchAll(SENTENCE)];
  const last = ends.at(-1);
  return last === undefined ? from : from + last.index + last[0].length;
}

/** Text without the marks that only an eye wants. */
function toSpeech(markdown: string): string {
  return markdown
    .replace(/(`{3,}|~{3,})[\s\S]*?(?:\1|$)/g, " code block. ")
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/^ {0,3}(?:#{1,6} |> )/gm, "")
    .replace(/(?<![\w*_])[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?![\w*_])|[`|]/g, "")
    .replace(/\s+/g, " ")
    .trim();
}
