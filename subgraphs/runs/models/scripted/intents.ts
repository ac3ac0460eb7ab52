import type { Intent } from "./intent.ts";
import { understand } from "./rules.ts";
import { CODE_START, JOINERS, NOTE_START, noteEnd, sentenceEnd } from "./sentences.ts";
import { toPlain, withoutEnd } from "./text.ts";

/** Reads a message into what it asks for, in its order. Pure; its time grows with the length of the message only. */
export function parseIntents(message: string): Intent[] {
  const plain = toPlain(message);
  const intents: Intent[] = [];
  for (let at = skipSpace(plain, 0); at < plain.length; at = skipSpace(plain, at)) {
    const { found, end } =
      readFence(message, plain, at) ??
      readCode(message, plain, at) ??
      readNote(message, plain, at) ??
      readSentence(message, plain, at);
    intents.push(...found);
    at = Math.max(end, at + 1);
  }
  return intents;
}

interface Read {
  found: Intent[];
  end: number;
}

const BLANK = /(?:(?!\.\d)[\s,;.!…])*/y;
/** The mark of a list, in front of words only: "- 5 + 3" is arithmetic. */
const BULLET = /(?:[-*•]|\d{1,2}[.)])[^\S\n]+(?=\p{L})/uy;

function skipSpace(plain: string, from: number): number {
  BLANK.lastIndex = from;
  BLANK.exec(plain);
  const at = BLANK.lastIndex;
  const startsLine = at === 0 || plain.slice(Math.max(0, from - 1), at).includes("\n");
  if (!startsLine) return at;
  BULLET.lastIndex = at;
  return BULLET.test(plain) ? BULLET.lastIndex : at;
}

const FENCE = /(`{3,})([\w+-]*)[^\S\n]*\n?/y;

/** A fenced block, to the next mark that is as long as its own; one without an end goes to the end of the message. */
function readFence(message: string, plain: string, at: number): Read | undefined {
  FENCE.lastIndex = at;
  const open = FENCE.exec(plain);
  if (open === null) return undefined;
  const start = FENCE.lastIndex;
  const [, mark = "", language = ""] = open;
  const close = plain.indexOf(mark, start);
  const end = close === -1 ? plain.length : close;
  const code = message.slice(start, end).trim();
  const known = ["", "js", "javascript", "mjs", "node"].includes(language.toLowerCase());
  const found: Intent =
    known && code !== "" ? { kind: "code", code } : { kind: "unknown", text: message.slice(at, end) };
  return { found: [found], end: close === -1 ? end : close + mark.length };
}

/** "run code: ..." takes the rest of the message, because code holds every mark there is; before a fenced block it says nothing more. */
function readCode(message: string, plain: string, at: number): Read | undefined {
  CODE_START.lastIndex = at;
  if (!CODE_START.test(plain)) return undefined;
  const start = CODE_START.lastIndex;
  if (plain.startsWith("```", start)) return readFence(message, plain, start);
  const rest = message.slice(start).trim();
  const code = /^`[^`]+`$/.test(rest) ? rest.slice(1, -1) : rest;
  return {
    found: [code === "" ? { kind: "unknown", text: message.slice(at) } : { kind: "code", code }],
    end: plain.length,
  };
}

function readNote(message: string, plain: string, at: number): Read | undefined {
  NOTE_START.lastIndex = at;
  if (!NOTE_START.test(plain)) return undefined;
  const start = NOTE_START.lastIndex;
  const end = noteEnd(plain, start);
  const text = withoutEnd(message.slice(start, end));
  return { found: [text === "" ? { kind: "unknown", text: message.slice(at, end) } : { kind: "note", text }], end };
}

const RUN_THIS =
  /^(?:run|execute)(?:\s+(?:this|the|some|following|my|code|js|javascript|script|program|snippet|for me|it))*\s*:?$/i;
const POLITE = new RegExp(`^${JOINERS}`, "i");

function readSentence(message: string, plain: string, at: number): Read {
  const fence = plain.indexOf("```", at);
  const end = Math.min(sentenceEnd(plain, at), fence === -1 ? plain.length : fence);
  const whole = message.slice(at, end).trim();
  const prefix = POLITE.exec(plain.slice(at, end))?.[0].length ?? 0;
  const sentence = message.slice(at + prefix, end).trim();
  // What introduces a fenced block says no more than the block.
  if (fence !== -1 && plain.slice(end, fence).trim() === "" && RUN_THIS.test(toPlain(sentence)))
    return { found: [], end };
  return { found: sentence === "" ? [] : (understand(sentence) ?? [{ kind: "unknown", text: whole }]), end };
}
