import type { StatusQuery } from "@soma/graphql/operations";
import { showHidden } from "@soma/schemas/hidden-characters";
import type { ReactNode } from "react";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ModelChecks } from "./model-checks.tsx";
import { useModelCheck } from "./use-model-check.ts";
import styles from "./welcome.module.css";

interface NextModelProps {
  model: StatusQuery["modelStatus"];
  /** Whether this person may have a model tested. */
  isOperator: boolean;
}

/** The next step: a real model, by a command; and whether the one that is chosen works, asked of it and not of the settings. */
export function NextModel({ model, isOperator }: NextModelProps): ReactNode {
  return (
    <section aria-labelledby="model">
      <h2 id="model">Next: a real model</h2>
      {model.isAi ? (
        <Chosen model={model} isOperator={isOperator} />
      ) : (
        <>
          <p data-model="scripted">
            The scripted model answers: a set of rules, not an AI. Stop the server, and start it in one of two ways;
            this page then says which model is chosen.
          </p>
          <Ways />
        </>
      )}
    </section>
  );
}

function Chosen({ model, isOperator }: NextModelProps): ReactNode {
  const { isAsking, checks, problem, check } = useModelCheck(model.profile);
  const fails = checks?.some(({ ok }) => !ok);
  return (
    <>
      <p data-model="chosen">
        {showHidden(model.model)} is chosen, by profile <code>{showHidden(model.profile)}</code>. The samples stay with
        the scripted one.{" "}
        {isOperator
          ? "Whether it works shows when it is asked."
          : "Who has the role operator can check whether it works."}
      </p>
      {isOperator ? (
        <p className={styles.check}>
          {/* Not disabled while it asks: it would lose the focus. */}
          <button type="button" aria-disabled={isAsking} onClick={() => void (isAsking || check())}>
            {isAsking ? "Checking…" : "Check"}
            <span className="visually-hidden"> the model</span>
          </button>
          <span>Up to three small questions; a model that is paid for charges for them.</span>
        </p>
      ) : null}
      <div aria-live="polite">{checks === undefined ? null : <ModelChecks checks={checks} />}</div>
      {problem === undefined ? null : <ProblemNote what="The model was not checked." problem={problem} />}
      {fails ? (
        <>
          <p data-model="failing">Mend what it says, or stop the server and start it with another model.</p>
          <Ways />
        </>
      ) : null}
    </>
  );
}

/** A key, or no key; both as docs/user/connect-models.md has them. */
function Ways(): ReactNode {
  return (
    <>
      <h3 className={styles.way}>With a key</h3>
      <pre>
        <code>OPENAI_API_KEY=sk-... npm start</code>
      </pre>
      <h3 className={styles.way}>Without a key</h3>
      <pre>
        <code>npm run small-model</code>
      </pre>
      <p>and in a second terminal:</p>
      <pre>
        <code>SOMA_MODEL_PROFILE=llamacpp SOMA_MODEL_CONTEXT_TOKENS=8000 npm start</code>
      </pre>
      <p>
        It brings a small model of about 200 MB, once, and runs it on this machine. It shows a real model at work, and
        is no help for real work. A server that is here already, such as Ollama or LM Studio, is found by itself.
      </p>
    </>
  );
}
