import type { StatusQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";

/** The next step: a real model, by one command; the page says when it is there. */
export function NextModel({ model }: { model: StatusQuery["modelStatus"] }): ReactNode {
  return (
    <section aria-labelledby="model">
      <h2 id="model">Next: a real model</h2>
      {model.isAi ? (
        <p data-model="connected">
          ✓ A real model is connected: {showHidden(model.model)}, profile <code>{showHidden(model.profile)}</code>. Ask
          it something below. The samples stay with the scripted one.
        </p>
      ) : (
        <>
          <p data-model="scripted">
            The scripted model answers: a set of rules, not an AI. Stop the server, and start it with a key; this page
            says when the model is there.
          </p>
          <pre>
            <code>OPENAI_API_KEY=sk-... npm start</code>
          </pre>
          <p>A server of this machine, such as Ollama or LM Studio, is found by itself when you start again.</p>
        </>
      )}
    </section>
  );
}
