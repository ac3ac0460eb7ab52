import { readFileSync } from "node:fs";
import { anthropic } from "./doors/anthropic.ts";
import { gemini } from "./doors/gemini.ts";
import { geminiOpenAi } from "./doors/gemini-openai.ts";
import { azure, llamaCpp, ollama, vllm } from "./doors/local.ts";
import { mistral } from "./doors/mistral.ts";
import { openai } from "./doors/openai.ts";
import { responses } from "./doors/responses.ts";
import { deepseek, kimi } from "./doors/thinking.ts";
import type { Door } from "./model-server.ts";

const page = readFileSync(new URL("../../../../docs/user/connect-models.md", import.meta.url), "utf8");

/** The profiles of the page that tells how to connect a model, as they are written there. */
export const DOCUMENTED = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = ""]) => block);

/** The stand-in of each profile's server. */
export const DOORS: Record<string, () => Door> = {
  ...{ openai: responses, anthropic, gemini, "gemini-openai": geminiOpenAi, mistral, deepseek, kimi, azure },
  ...{ ollama: () => ollama({ hasIds: false }), vllm, llamacpp: llamaCpp, lmstudio: () => openai },
};

/** Without a stand-in: its wire is binary and signed. Whether it can be used is looked at. */
export const NO_DOOR = new Set(["bedrock"]);
