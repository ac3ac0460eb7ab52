import { type Arithmetic, parseArithmetic } from "./arithmetic.ts";
import type { Intent } from "./intent.ts";
import { MARKS, toPlain, withoutEnd } from "./text.ts";
import { findTimeZone } from "./time-zone.ts";

/** What one sentence asks for, usually one thing; undefined when no rule fits. */
export function understand(sentence: string): Intent[] | undefined {
  const asked = /[?？]$/.test(sentence);
  const body = withoutEnd(sentence, `${MARKS}?？`)
    .replaceAll(/\s+/g, " ")
    .replace(/,? please$/i, "");
  const greeting = GREETING.exec(toPlain(body))?.[0].length ?? 0;
  if (greeting === 0) return firstRule(body, asked);
  const more = greeting === body.length ? [] : firstRule(body.slice(greeting), asked);
  return more === undefined ? undefined : [{ kind: "greeting" }, ...more];
}

/** The order of the rules matters where two could fit. */
function firstRule(body: string, asked: boolean): Intent[] | undefined {
  const plain = toPlain(body);
  return (
    time(plain) ??
    (asked ? undefined : remember(plain, body)) ??
    fetches(plain, body) ??
    arithmetic(plain) ??
    talk(plain) ??
    question(plain, body, asked)
  );
}

const TIME =
  /^(?:(?:tell|give|show) me )?(?:what time is it|what(?:'s| is) the (?:current |exact |local )?(?:time|date)|what (?:day|date) is (?:it|today)|what(?:'s| is) today's date|the (?:current )?time|current time|time now|time)(?: (?:right )?now| today)?(?: (?:in|at|for) (?<place>.+?))?(?: (?:right )?now)?$/i;

function time(plain: string): Intent[] | undefined {
  const match = TIME.exec(plain);
  if (match === null) return undefined;
  const place = match.groups?.place?.replace(/^the /i, "");
  const timeZone = place === undefined ? null : (findTimeZone(place) ?? null);
  return [{ kind: "time", timeZone, place: place !== undefined && timeZone === null ? place : null }];
}

const REMEMBER =
  /^(?:remember|keep in mind|memori[sz]e|do not forget|don't forget)(?:(?<that> ?[:,]? that) | ?[:,] ?| )/i;

function remember(plain: string, body: string): Intent[] | undefined {
  const match = REMEMBER.exec(plain);
  if (match === null || /^(?:that)?$/i.test(body.slice(match[0].length))) return undefined;
  return [{ kind: "remember", text: body.slice(match[0].length), clause: match.groups?.that !== undefined }];
}

function fetches(plain: string, body: string): Intent[] | undefined {
  if (!/^(?:fetch|get|open|download|read|load|visit)\s[^\n]{0,40}?https?:\/\//i.test(plain)) return undefined;
  const urls = (body.match(/https?:\/\/\S+/gi) ?? []).map(withoutUrlEnd).filter((url) => URL.canParse(url));
  return urls.length === 0 ? undefined : urls.map((url) => ({ kind: "fetch", url }));
}

/** Marks after an address belong to the sentence; a bracket does unless it was opened inside. */
function withoutUrlEnd(url: string): string {
  const end = ".,;:!?'\"»>]*";
  const trimmed = withoutEnd(url, end);
  return trimmed.endsWith(")") && !trimmed.includes("(") ? withoutEnd(trimmed.slice(0, -1), end) : trimmed;
}

const CALCULATE = /^(?:calculate|compute|evaluate|work out|solve)\s*:?\s+/i;
const HOW_MUCH =
  /^(?:what(?:'s| is| are| does)|how much (?:is|are|does)|tell me what|(?:give me )?the (?:result|value|sum) of)\s+(?:the (?:result|value|sum) of\s+)?/i;

/** "2026-11-24" alone is no subtraction. */
const DATE = /^\d{1,4}([-/.])\d{1,2}\1\d{1,4}$/;

function arithmetic(plain: string): Intent[] | undefined {
  const command = CALCULATE.exec(plain);
  if (DATE.test(plain)) return undefined;
  const start = (command ?? HOW_MUCH.exec(plain))?.[0].length ?? 0;
  const said = plain.slice(start).replace(/ (?:equals?|makes?|is)$/i, "");
  const takes = (read: Arithmetic | undefined): read is Arithmetic =>
    read !== undefined && (read.computes || command !== null);
  const whole = parseArithmetic(said);
  const parts = takes(whole) ? [whole] : said.split(/,\s+(?:and\s+)?|\s+and\s+/i).map(parseArithmetic);
  return parts.every(takes) ? parts.map(({ expression }) => ({ kind: "calculate", expression })) : undefined;
}

const GREETING =
  /^(?:hi|hello|hey|howdy|greetings|good (?:morning|afternoon|evening|day))(?:\s+(?:there|soma|all|everyone|again))?(?:[\s,!.-]+|$)/i;
const THANKS = /^(?:thanks|thank you|thx|cheers)(?:\s+(?:a lot|very much|so much|again))?$/i;
const HELP =
  /^(?:help(?: me)?|what can (?:you|i) (?:do|ask|say)(?: .*)?|what do you (?:do|understand)|how do (?:you work|i use (?:you|this))|(?:who|what) are you|what(?:'s| is) your name|(?:what|which) (?:ai |language )?model are you|are you (?:an? |the )?(?:real |human |actual )?(?:ai|human|person|robot|bot|machine|llm|chatgpt|language model|ai model)(?: .*)?)$/i;

function talk(plain: string): Intent[] | undefined {
  if (/^how are you(?: doing)?(?: today)?$/i.test(plain)) return [{ kind: "greeting" }];
  if (HELP.test(plain)) return [{ kind: "help" }];
  if (THANKS.test(plain)) return [{ kind: "thanks" }];
  return undefined;
}

const TELL_ABOUT =
  /^(?:(?:what|everything|anything) (?:do )?(?:you|we) (?:know|remember)|what have i (?:told|asked) you(?: to remember)?|tell me (?:everything |all )?(?:you know )?(?=about)|do you (?:know|remember) anything|what is (?:in your memory|remembered))(?:\s+(?:about|of|on)\s+(?<about>.+))?$/i;
const QUESTION =
  /^(?:(?:do|can) you (?:know|remember|tell me)\s+|tell me\s+)?(?:(?:what|who|whom|whose|where|when|which|why|how)(?:'s|'re)?\b|(?:my|our|the)\s|(?:am|is|are|was|were|do|did|does|have|has) (?:i|my|we|our)\b)/i;

function question(plain: string, body: string, asked: boolean): Intent[] | undefined {
  const known = TELL_ABOUT.exec(plain);
  if (known !== null) {
    const about = known.groups?.about;
    return [{ kind: "tellAbout", about: about === undefined || /^(?:me|us|myself)$/i.test(about) ? null : about }];
  }
  const begins = QUESTION.exec(plain);
  if (begins === null && !(asked && /[\p{L}\p{N}]/u.test(plain))) return undefined;
  // "My name is Ada" begins like "tell me my name", but tells something.
  if (!asked && begins !== null && /^(?:my|our|the)\s$/i.test(begins[0])) return undefined;
  return [{ kind: "ask", question: body }];
}
