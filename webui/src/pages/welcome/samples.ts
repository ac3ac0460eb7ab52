/** A card: what an agent is started with, one run after the other. */
export interface Sample {
  agent: string;
  title: string;
  /** What is seen when it runs. */
  shows: string;
  inputs: readonly Readonly<Record<string, unknown>>[];
}

/** The model that answers them, so that each card does the same whatever model is connected. */
export const SCRIPTED = "scripted";

export const SAMPLES: readonly Sample[] = [
  {
    agent: "research",
    title: "Research with a retry",
    shows: "A library that is closed every other time. The step fails, rests, and is tried again.",
    inputs: [{ text: "owls" }],
  },
  {
    agent: "refund",
    title: "A refund that waits for you",
    shows: "The agent finds what was paid, and asks. No money moves before you approve.",
    inputs: [{ text: "refund A-17" }],
  },
  {
    agent: "prices",
    title: "Twelve look-ups at once",
    shows: "A list is split into branches that run beside each other, ten at a time, and joined.",
    inputs: [{ items: ["tea", "milk", "bread", "rice", "salt", "eggs", "oil", "figs", "nuts", "jam", "leek", "peas"] }],
  },
  {
    agent: "assistant",
    title: "Memory",
    shows: "One conversation tells a fact, and another one, that begins anew, knows it.",
    inputs: [{ text: "Remember that my favourite number is 37." }, { text: "What is my favourite number?" }],
  },
];
