import { Type } from "typebox";
import { lookAtServer, serverSettings } from "../http/look-at-server.ts";
import { defineProvider } from "../provider.ts";
import { createOpenAiResponsesClient } from "./client.ts";

const settings = Type.Object({
  ...serverSettings.properties,
  reasoningSummary: Type.Optional(
    Type.String({ minLength: 1, description: "what the model tells of its thoughts, such as auto or detailed" }),
  ),
});

/** Servers that speak POST /responses: OpenAI, Azure, and those of open models that follow Open Responses. */
export default defineProvider({
  name: "openai-responses",
  settings,
  look: (params) => lookAtServer(params, createOpenAiResponsesClient),
});
