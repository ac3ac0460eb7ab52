import { showHidden } from "@soma/schemas/hidden-characters";
import { isRecord } from "@soma/schemas/json";
import type { ReactNode } from "react";
import type { StepView } from "../../run-log/view.ts";
import { CallArguments } from "../../run-parts/call-arguments.tsx";
import { DecisionWords } from "../../run-parts/decision-words.tsx";
import { LongText } from "../../run-parts/long-text.tsx";
import { toReadable } from "../../run-parts/readable-json.ts";
import { toClock, toCount, toLatency } from "../../ui/words.ts";
import type { Run, StepDetail } from "./answers.ts";
import styles from "./inspector.module.css";
import type { FailedAttempt, StepStory } from "./step-story.ts";

interface DetailProps {
  /** Undefined before the server has told it. */
  detail: StepDetail | undefined;
}

function Section({ name, children }: { name: string; children: ReactNode }): ReactNode {
  return (
    <section className={styles.section} aria-label={name}>
      <h3>{name}</h3>
      {children}
    </section>
  );
}

/** Facts as a list of words and values; those without a value are left out. */
function FactList({ facts }: { facts: readonly (readonly [string, ReactNode])[] }): ReactNode {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== null && value !== "")
        .map(([word, value]) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Why it did not go well, first of all. */
export function Fault({ step: { error, note } }: { step: StepView }): ReactNode {
  if (error === null) return note === null ? null : <p className={styles.note}>{showHidden(note)}</p>;
  return (
    <p className={styles.fault}>
      <code>{showHidden(error.code)}</code> {showHidden(note ?? error.message)}
    </p>
  );
}

interface StepFactsProps extends DetailProps {
  run: Run;
  step: StepView;
  story: StepStory;
}

export function StepFacts({ run, step, story, detail }: StepFactsProps): ReactNode {
  const by = detail?.answeredBy;
  const passedOver = (by?.passedOver ?? []).map(({ profile, code, message }) => `${profile} (${code}: ${message})`);
  const type = step.nodeType === step.nodeId ? "" : ` (${step.nodeType})`;
  return (
    <FactList
      facts={[
        ["Node", showHidden(`${step.nodeId}${type}`)],
        ["What", showHidden(step.summary)],
        ["Started", toClock(step.startedAt)],
        ["Took", step.latencyMs === null ? null : toLatency(step.latencyMs)],
        ["Attempt", toCount(step.attempt)],
        ["Taken back", detail?.abandoned === true ? "by a rollback: it counts no more" : null],
        ["Model", by ? showHidden([by.model, by.provider, by.profile ?? ""].filter(Boolean).join(" · ")) : null],
        ["Passed over", showHidden(passedOver.join(", "))],
        ["Tokens", tokensOf(detail?.output)],
        ["Trace", run.traceId === "" ? null : <code key="trace">{run.traceId}</code>],
        ["Span", story.spanId === "" ? null : <code key="span">{showHidden(story.spanId)}</code>],
        ["Step id", <code key="id">{step.id}</code>],
      ]}
    />
  );
}

/** What the output of a model step says it used; another step's says nothing. */
function tokensOf(output: unknown): string | null {
  const usage = isRecord(output) && isRecord(output.usage) ? output.usage : {};
  const { inputTokens, outputTokens } = usage;
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return null;
  return `${toCount(inputTokens)} in, ${toCount(outputTokens)} out`;
}

export function Input({ story, detail }: DetailProps & { story: StepStory }): ReactNode {
  const args = detail?.invocation?.args;
  if (args !== undefined && args !== null)
    return (
      <Section name="Input">
        <CallArguments args={args} />
      </Section>
    );
  if (story.inputSummary === "") return null;
  return (
    <Section name="Input">
      <p className={styles.words}>{showHidden(story.inputSummary)}</p>
    </Section>
  );
}

/** The one that the step asked for, or that its call was let through by. */
export function Decision({ step, detail }: DetailProps & { step: StepView }): ReactNode {
  const told = detail?.decision ?? detail?.invocation?.decision;
  const decision = told ?? step.decision;
  if (decision === null) return null;
  return (
    <Section name="Decision">
      <p className={styles.words}>
        <DecisionWords decision={decision} />
      </p>
      <FactList
        facts={[
          ["Tool", showHidden(told ? `${told.tool} ${told.toolVersion}` : decision.tool)],
          ["Role", showHidden(told?.role ?? "")],
          ["Policy", told ? <code key="policy">{showHidden(told.policyVersion)}</code> : null],
          ["Must", isRecord(told?.obligations) ? showHidden(toLine(told.obligations)) : null],
        ]}
      />
    </Section>
  );
}

function toLine(obligations: Readonly<Record<string, unknown>>): string {
  return Object.entries(obligations)
    .map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(", ");
}

/** Once: what a tool gave is in its invocation, and its step has the same again. */
export function Output({ detail }: DetailProps): ReactNode {
  if (detail === undefined) return null;
  const { invocation, output } = detail;
  if (invocation === null || invocation === undefined) {
    if (output === null || output === undefined) return null;
    return (
      <Section name="Output">
        <LongText label="Output" text={toReadable(output)} />
      </Section>
    );
  }
  const { error } = invocation;
  return (
    <Section name="Output">
      {error === null || error === undefined ? null : (
        <p className={styles.fault}>
          <code>{showHidden(error.type)}</code> {showHidden(error.message)}
        </p>
      )}
      <LongText label="Output" text={invocation.output ?? ""} />
      <FactList
        facts={[
          ["Ran", invocation.executionMs === null ? null : toLatency(invocation.executionMs)],
          ["Executors", invocation.attempt > 1 ? toCount(invocation.attempt) : null],
        ]}
      />
    </Section>
  );
}

export function Attempts({ failed }: { failed: readonly FailedAttempt[] }): ReactNode {
  if (failed.length === 0) return null;
  return (
    <Section name="Attempts that failed">
      <ol className={styles.attempts}>
        {failed.map(({ attempt, at, code, why, delayMs }) => (
          <li key={`${attempt} ${at}`}>
            <p className={styles.attempt}>
              Attempt {attempt} · <time dateTime={at}>{toClock(at)}</time>
              {delayMs === null ? null : ` · next try after ${toLatency(delayMs)}`}
            </p>
            <p className={styles.words}>
              {code === null ? null : <code>{showHidden(code)} </code>}
              {showHidden(why)}
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** What the model was sent, as it is kept: secrets masked, long texts cut in their middle. */
export function Prompt({ detail }: DetailProps): ReactNode {
  const prompt = detail?.prompt;
  if (prompt === null || prompt === undefined) return null;
  const { messages, tools, params } = prompt;
  return (
    <details className={styles.prompt}>
      <summary>
        Prompt: {toCount(messages.length)} {messages.length === 1 ? "message" : "messages"}, {toCount(tools.length)}{" "}
        {tools.length === 1 ? "tool" : "tools"}
      </summary>
      <FactList
        facts={[
          ["Model", showHidden(`${prompt.model} · ${prompt.profile}`)],
          ["Settings", isRecord(params) && Object.keys(params).length > 0 ? showHidden(toLine(params)) : null],
          ["Tools", showHidden(tools.map(({ name }) => name).join(", "))],
        ]}
      />
      {messages.map(({ role, text, calls }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a prompt that was sent does not change
        <section key={index} className={styles.message} aria-label={`Message ${index + 1}, ${showHidden(role)}`}>
          <h4>{showHidden(role)}</h4>
          <LongText label={`Text of message ${index + 1}`} text={text} />
          {calls.length === 0 ? null : <LongText label={`Calls of message ${index + 1}`} text={toReadable(calls)} />}
        </section>
      ))}
    </details>
  );
}
