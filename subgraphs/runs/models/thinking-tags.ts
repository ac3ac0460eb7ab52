import type { ChatEvent } from "@soma/sdk/model-client";

/** Tags that models put around what they think before they answer. */
const TAGS = [
  ["<think>", "</think>"],
  ["<thinking>", "</thinking>"],
  ["<thought>", "</thought>"],
  ["<reasoning>", "</reasoning>"],
  ["[THINK]", "[/THINK]"],
] as const;

export type Said = Extract<ChatEvent, { type: "text" | "thinking" | "answerBegins" }>;

export interface ThinkingTags {
  /** Takes the next piece of the model's text, and gives what is certain of it. */
  add(text: string): Said[];
  /** What was held back to its end. */
  end(): Said[];
}

interface Split {
  said: Said[];
  /** What may be the beginning of a tag, or is not looked at yet. */
  rest: string;
  next: State | undefined;
}
type State = (text: string, isEnd: boolean) => Split;

/**
 * Tells what a model thinks in tags from what it answers. Tags count at the begin of an answer only; one that closes
 * what nothing opened, because the server's template had opened it, makes all before it thinking. One in code is
 * quoted.
 */
export function createThinkingTags(): ThinkingTags {
  let state: State = begin(true);
  let held = "";
  const take = (text: string, isEnd: boolean): Said[] => {
    const all: Said[] = [];
    held += text;
    for (;;) {
      const { said, rest, next } = state(held, isEnd);
      all.push(...said);
      held = rest;
      if (next === undefined) return all;
      state = next;
    }
  };
  return { add: (text) => take(text, false), end: () => take("", true) };
}

const said = (type: "text" | "thinking", delta: string): Said[] => (delta === "" ? [] : [{ type, delta }]);

/** Blanks or backticks that are held back at most; more of them begin no tag. */
const MAX_HELD = 4_096;

/** Before anything but blanks has come. */
function begin(isFirst: boolean): State {
  return (text, isEnd) => {
    const start = text.trimStart();
    const tag = TAGS.find(([open]) => start.startsWith(open));
    if (tag !== undefined) return { said: [], rest: start.slice(tag[0].length), next: thinking(tag[1]) };
    const mayBegin = start === "" || TAGS.some(([open]) => open.startsWith(start));
    if (mayBegin && !isEnd && text.length < MAX_HELD) return { said: [], rest: text, next: undefined };
    // The line feeds between thinking and answer are part of neither.
    const rest = isFirst ? text : start;
    if (isEnd) return { said: said("text", rest), rest: "", next: undefined };
    return { said: [], rest, next: isFirst ? answer() : onlyText };
  };
}

function thinking(close: string): State {
  return (text, isEnd) => {
    const at = text.indexOf(close);
    if (at >= 0)
      return { said: said("thinking", text.slice(0, at)), rest: text.slice(at + close.length), next: begin(false) };
    const keep = isEnd ? 0 : beginningOf(close, text);
    return {
      said: said("thinking", text.slice(0, text.length - keep)),
      rest: text.slice(text.length - keep),
      next: undefined,
    };
  };
}

/** After a thought that was closed, nothing else is one. */
function onlyText(text: string): Split {
  return { said: said("text", text), rest: "", next: undefined };
}

/** What tells thinking from code: backticks, blank lines, and the tags that close. */
const MARKS = /`+|\n[^\S\n]{0,80}\n|<\/(?:think(?:ing)?|thought|reasoning)>|\[\/THINK\]/g;

/** Text that may turn out to have been thinking. */
function answer(): State {
  const code = createCodeWatch();
  return (text, isEnd) => {
    let from = 0;
    for (const { index, 0: found } of text.matchAll(MARKS)) {
      // The run of backticks may go on in what comes next.
      if (found.startsWith("`") && index + found.length === text.length && !isEnd && found.length < MAX_HELD) break;
      from = index + found.length;
      if (found.startsWith("`")) code.ticks(found.length);
      else if (found.startsWith("\n")) code.blankLine();
      else if (!code.inside())
        return {
          said: [...said("text", text.slice(0, index)), { type: "answerBegins" }],
          rest: text.slice(from),
          next: begin(false),
        };
    }
    const tail = text.slice(from);
    const keep = isEnd ? 0 : Math.max(code.mayEndIn(tail), ...TAGS.map(([, close]) => beginningOf(close, tail)));
    return {
      said: said("text", text.slice(0, text.length - keep)),
      rest: text.slice(text.length - keep),
      next: undefined,
    };
  };
}

/** Characters at the end of a text that a tag may begin with. */
function beginningOf(tag: string, text: string): number {
  for (let length = Math.min(tag.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(tag.slice(0, length))) return length;
  return 0;
}

/**
 * Code in Markdown: a run of backticks opens it, and one of the same length closes it; in a line, also a blank line
 * does.
 */
function createCodeWatch() {
  let open = 0;
  const isInLine = (): boolean => open > 0 && open < 3;
  return {
    inside: () => open > 0,
    /** Characters at the end of a text that may be the begin of what opens or closes code. */
    mayEndIn: (text: string): number => (isInLine() ? /`*$|\n[^\S\n]{0,80}$/ : /`*$/).exec(text)?.[0].length ?? 0,
    blankLine(): void {
      if (isInLine()) open = 0;
    },
    ticks(length: number): void {
      if (open === 0) open = length;
      else if (open === length) open = 0;
    },
  };
}
