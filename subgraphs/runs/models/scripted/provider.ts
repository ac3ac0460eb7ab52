import { Type } from "typebox";
import { defineProvider } from "../provider.ts";
import { createScriptedClient, createScriptedEmbeddings } from "./client.ts";

/** The scripted model: a set of rules, not an AI; it can always be used. */
export default defineProvider({
  name: "scripted",
  settings: Type.Object({}),
  look: async ({ name, profile, scenario }) => ({
    usable: true,
    why: "the scripted model needs nothing; it is a set of rules, not an AI",
    client: createScriptedClient(name, { model: profile.model, ...(scenario === undefined ? {} : { scenario }) }),
  }),
  lookForEmbeddings: async ({ name, profile: { model, embedding } }) => ({
    usable: true,
    why: "the scripted model needs nothing; its vectors are of words alone, and not of what they mean",
    client: createScriptedEmbeddings(name, { model, dimensions: embedding.dimensions }),
  }),
});
