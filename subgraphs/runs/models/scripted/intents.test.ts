import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Intent } from "./intent.ts";
import { parseIntents } from "./intents.ts";

const calculate = (expression: string): Intent => ({ kind: "calculate", expression });
const remember = (text: string, clause = true): Intent => ({ kind: "remember", text, clause });
const ask = (question: string): Intent => ({ kind: "ask", question });
const about = (topic: string | null): Intent => ({ kind: "tellAbout", about: topic });
const time = (timeZone: string | null, place: string | null = null): Intent => ({ kind: "time", timeZone, place });
const note = (text: string): Intent => ({ kind: "note", text });
const code = (text: string): Intent => ({ kind: "code", code: text });
const fetches = (url: string): Intent => ({ kind: "fetch", url });
const unknown = (text: string): Intent => ({ kind: "unknown", text });
const greeting: Intent = { kind: "greeting" };
const help: Intent = { kind: "help" };
const thanks: Intent = { kind: "thanks" };

const TABLE: [string, Intent[]][] = [
  // Arithmetic
  ["What is 37*12?", [calculate("37*12")]],
  ["WHAT IS 37*12", [calculate("37*12")]],
  ["what’s (2+3)*4?", [calculate("(2+3)*4")]],
  ["calculate (2+3)*4", [calculate("(2+3)*4")]],
  ["2 plus 3", [calculate("2 + 3")]],
  ["How much is 7 x 8?!", [calculate("7 * 8")]],
  ["Please calculate 42.", [calculate("42")]],
  ["What is 2+2 and 3+3?", [calculate("2+2"), calculate("3+3")]],
  ["Could you compute 1,000 / 8, please?", [calculate("1000 / 8")]],
  ["-5 + 3", [calculate("-5 + 3")]],
  [".5 + .5", [calculate(".5 + .5")]],
  ["What is 37?", [ask("What is 37")]],
  ["2026-11-24", [unknown("2026-11-24")]],
  // Time
  ["what time is it", [time(null)]],
  ["What time is it now?", [time(null)]],
  ["What's the time in europe/berlin?", [time("Europe/Berlin")]],
  ["What time is it in New York right now?", [time("America/New_York")]],
  ["Current time in Zürich", [time("Europe/Zurich")]],
  ["what is the time in UTC?", [time("UTC")]],
  ["What day is it?", [time(null)]],
  ["What time is it in Atlantis?", [time(null, "Atlantis")]],
  // Remembering
  ["Remember that my favourite number is 37.", [remember("my favourite number is 37")]],
  ["please REMEMBER THAT I like “Tee mit Zitrone” ☕!", [remember("I like “Tee mit Zitrone” ☕")]],
  ["remember: my dog is Rex", [remember("my dog is Rex", false)]],
  ["Don’t forget that Dr. Smith called.", [remember("Dr. Smith called")]],
  ["Keep in mind that pi is 3.14. Thanks!", [remember("pi is 3.14"), thanks]],
  ["remember that", [unknown("remember that")]],
  ["remember that I like bread and what is 2+2", [remember("I like bread"), calculate("2+2")]],
  ["記住。Remember that 我的貓叫小花。", [unknown("記住。"), remember("我的貓叫小花")]],
  // Questions
  ["what is my favourite number?", [ask("what is my favourite number")]],
  ["Do you remember my name?", [ask("Do you remember my name")]],
  ["where do I live", [ask("where do I live")]],
  ["What do you know about coffee?", [about("coffee")]],
  ["what do you know about me", [about(null)]],
  ["What have I told you?", [about(null)]],
  ["My name is Ada.", [unknown("My name is Ada.")]],
  // Tools with a payload
  ["fetch https://example.com/a?b=1.", [fetches("https://example.com/a?b=1")]],
  [
    "Get the page at https://example.com/wiki/A_(b), and https://example.org!",
    [fetches("https://example.com/wiki/A_(b)"), fetches("https://example.org")],
  ],
  ["(fetch https://example.com)", [unknown("(fetch https://example.com)")]],
  ["fetch example.com", [unknown("fetch example.com")]],
  ["note: buy milk", [note("buy milk")]],
  ["Add a note: call Bob. He is nice.", [note("call Bob. He is nice")]],
  ["take a note that the door is open\nWhat is 2+2?", [note("the door is open"), calculate("2+2")]],
  ["note:", [unknown("note:")]],
  ["Run code: await sleep(3000); console.log('done')", [code("await sleep(3000); console.log('done')")]],
  ["run this code: `1 + 1`", [code("1 + 1")]],
  ["RUN JAVASCRIPT: // note: not a note\nreturn “x”", [code("// note: not a note\nreturn “x”")]],
  ["Please run this:\n\n```js\nconst a = 1;\n\na + 1\n```\nThanks", [code("const a = 1;\n\na + 1"), thanks]],
  ["run code:\n```\n1\n```", [code("1")]],
  ["```js\nnever closed", [code("never closed")]],
  ["```python\nprint(1)\n```", [unknown("```python\nprint(1)\n")]],
  ["````text\n```js\n1\n```\n````", [unknown("````text\n```js\n1\n```\n")]],
  ["````js\n'```'\n````\nThanks", [code("'```'"), thanks]],
  // Talk
  ["hello", [greeting]],
  ["Hi there!", [greeting]],
  ["Good morning, what is 2+2?", [greeting, calculate("2+2")]],
  ["help", [help]],
  ["Who are you?", [help]],
  ["Are you an AI or what?", [help]],
  ["thank you very much", [thanks]],
  // Several at once, in order
  [
    "What is 37*12? Remember that my favourite number is 37.",
    [calculate("37*12"), remember("my favourite number is 37")],
  ],
  ["note: x. Then run code: console.log(1); // 2. and 3", [note("x"), code("console.log(1); // 2. and 3")]],
  [
    "what is 1+1? what time is it? remember that it is broken. note: nothing.",
    [calculate("1+1"), time(null), remember("it is broken"), note("nothing")],
  ],
  [
    "1. fetch https://a.example\n2) calculate 1+1\n- note: y",
    [fetches("https://a.example"), calculate("1+1"), note("y")],
  ],
  [
    "calculate 2+2, then fetch https://a.example; and what is my name",
    [calculate("2+2"), fetches("https://a.example"), ask("what is my name")],
  ],
  // What it does not understand
  ["qwerty", [unknown("qwerty")]],
  ["Write a poem about the sea. What is 1+1?", [unknown("Write a poem about the sea."), calculate("1+1")]],
  ["calculate the odds", [unknown("calculate the odds")]],
  ["💥", [unknown("💥")]],
  ["", []],
  [" \n\t.,; ", []],
];

describe("parseIntents()", () => {
  test.each(TABLE)("reads %j", (message, intents) => {
    expect(parseIntents(message)).toEqual(intents);
  });

  test.each([
    ["brackets", "(".repeat(10_000)],
    ["balanced brackets", `What is ${"(".repeat(5_000)}1${")".repeat(5_000)}?`],
    ["joining words", "and then ".repeat(3_500)],
    ["greetings", "hi ".repeat(10_000)],
    ["marks", "?".repeat(32_000)],
    ["spaces inside", `x${" ".repeat(32_000)}y`],
    ["full stops inside", `x${".".repeat(32_000)}y`],
    ["commas", ", ".repeat(16_000)],
    ["fences", "```".repeat(10_000)],
    ["quotes", "'’`".repeat(10_000)],
    ["notes", "a. note: b, ".repeat(2_600)],
    ["starts of requests", "remember that what is run code fetch https:// ".repeat(650)],
    ["operators", "1+".repeat(16_000)],
    ["controls and lone surrogates", "\u0000\ud800\u202e".repeat(10_000)],
  ])("ends quickly for a message made of %s", (_name, message) => {
    const start = performance.now();
    expect(Array.isArray(parseIntents(message))).toBe(true);
    // Measured at up to 30 ms; a pattern that takes the square of the length takes seconds.
    expect(performance.now() - start).toBeLessThan(1_000);
  });

  test("ends for any text and loses no code: what follows 'run code:' is kept to the letter", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const written = text.trim();
        fc.pre(written !== "" && !written.includes("`"));
        expect(parseIntents(`note: x. Then run code: ${text}`)).toEqual([note("x"), code(written)]);
      }),
    );
  });
});
