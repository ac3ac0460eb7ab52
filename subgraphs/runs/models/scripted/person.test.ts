import { describe, expect, test } from "vitest";
import { isFirstPerson, swapPersons, toSentence } from "./person.ts";

describe("swapPersons()", () => {
  test.each([
    ["my favourite number is 37", "your favourite number is 37"],
    ["I am 30 and I'm tall", "you are 30 and you're tall"],
    ["I’ve a cat that I love; it's mine", "you've a cat that you love; it's yours"],
    ["I was there and MY dog saw me", "you were there and your dog saw you"],
    ["your name is Soma", "my name is Soma"],
    ["you are kind to me", "I am kind to you"],
    ["I like you", "you like me"],
    ["myself", "yourself"],
    ["the army met Amy in Miami", "the army met Amy in Miami"],
    ["mïne, naïve, çi", "mïne, naïve, çi"],
  ])("says %j back as %j", (text, expected) => {
    expect(swapPersons(text)).toBe(expected);
  });
});

test("isFirstPerson() sees who is spoken of", () => {
  expect(["I live here", "that is mine", "I’m Ada", "give me"].every(isFirstPerson)).toBe(true);
  expect(["it lives here", "the mine", "your name", "Miami"].map(isFirstPerson)).toEqual([false, true, false, false]);
});

test("toSentence() begins with a capital and ends with a mark", () => {
  expect(["your name is Ada", "is it?", "élan", "𝒶b", "https://a.example", "好"].map(toSentence)).toEqual([
    "Your name is Ada.",
    "Is it?",
    "Élan.",
    "𝒶b.",
    "https://a.example.",
    "好.",
  ]);
});
