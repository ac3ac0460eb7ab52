import { Type } from "typebox";
import { defineProvider } from "../provider.ts";
import { createScriptedClient } from "./client.ts";

/** The scripted model: a set of rules, not an AI; it can always be used. */
export default defineProvider({
  name: "scripted",
  settings: Type.Object({}),
  look: async ({ name, profile, scenario }) => ({
    usable: true,
    why: "the scripted model needs nothing; it is a set of rules, not an AI",
    client: createScriptedClient(name, { model: profile.model, ...(scenario === undefined ? {} : { scenario }) }),
  }),
});
