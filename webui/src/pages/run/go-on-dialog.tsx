import { showHidden } from "@soma/schemas/hidden-characters";
import { isRecord } from "@soma/schemas/json";
import { type ReactNode, useState } from "react";
import type { LogEvent } from "../../run-log/view.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { ScrollPart } from "../../ui/scroll-part.tsx";
import { Loading } from "../../ui/states.tsx";
import { StatusWord } from "../../ui/status.tsx";
import { useHere } from "../../ui/use-here.ts";
import { toCount } from "../../ui/words.ts";
import type { Run } from "./answers.ts";
import { type Choices, type Effect, effectWords, type GoOn, ON_RETURN, onlyWord, pointWords, WORDS } from "./go-on.ts";
import styles from "./go-on-dialog.module.css";
import { type Patch, toPatch } from "./merge-patch.ts";
import { useDryRun, useGoOn } from "./use-go-on.ts";

interface GoOnDialogProps {
  run: Run;
  from: GoOn;
  /** The event itself; undefined where the page has it not. */
  event: LogEvent | undefined;
  onClose(): void;
  /** The run with this id goes on; not told to a reader who has left. */
  onDone(runId: string): void;
}

/** Says first what going on from an event would do, lets a fork ask something else, and does it when that is confirmed. */
export function GoOnDialog({ run, from, event, onClose, onDone }: GoOnDialogProps): ReactNode {
  const { name, act, acting, failed, outcome } = WORDS[from.how];
  const dry = useDryRun(run.id, from);
  const { busy, problem, go } = useGoOn(run.id, from);
  const [written, setWritten] = useState(() => toWritten(run.input));
  const [choices, setChoices] = useState<Choices>({});
  const asked = toAsked(run.input, written);
  const mayGo = !busy && dry.effects !== undefined && "patch" in asked;
  const leave = (): void => {
    if (!busy) onClose();
  };
  const mark = useHere();
  const confirm = async (): Promise<void> => {
    if (!mayGo) return;
    const isHere = mark();
    const went = await go({ patch: asked.patch, choices });
    if (went !== undefined && isHere()) onDone(went);
  };
  return (
    <Dialog label={name} onClose={leave}>
      <form
        className={styles.form}
        onSubmit={(submitted) => {
          submitted.preventDefault();
          void confirm();
        }}
        onKeyDown={(pressed) => {
          // Enter alone begins a line.
          if (pressed.key === "Enter" && (pressed.ctrlKey || pressed.metaKey)) void confirm();
        }}
      >
        <h2>{name}</h2>
        <p>
          <strong>From {showHidden(pointWords(event, from.seq))}.</strong> {outcome}
        </p>
        {from.how === "rollback" ? null : (
          <InputField {...{ written, asked, run }} isStart={event?.stepNumber === null} onWrite={setWritten} />
        )}
        <Effects {...dry} choices={choices} onChoose={setChoices} />
        {problem === undefined ? null : <ProblemNote what={failed} problem={problem} />}
        {/* Not disabled: they would lose the focus. */}
        <p className={styles.buttons}>
          <button type="submit" aria-disabled={!mayGo}>
            {busy ? acting : act}
          </button>
          <button type="button" aria-disabled={busy} onClick={leave}>
            Leave it
          </button>
        </p>
      </form>
    </Dialog>
  );
}

/** The words of an input that has nothing else, else its JSON. */
function toWritten(input: unknown): string {
  return textOf(input) ?? JSON.stringify(input, null, 2);
}

function toAsked(input: unknown, written: string): Patch {
  return toPatch(input, textOf(input) === undefined ? written : JSON.stringify({ text: written }));
}

function textOf(input: unknown): string | undefined {
  return isRecord(input) && Object.keys(input).length === 1 && typeof input.text === "string" ? input.text : undefined;
}

interface InputFieldProps {
  run: Run;
  written: string;
  asked: Patch;
  /** Whether nothing was made of the input yet. */
  isStart: boolean;
  onWrite(written: string): void;
}

function InputField({ run, written, asked, isStart, onWrite }: InputFieldProps): ReactNode {
  const isText = textOf(run.input) !== undefined;
  const isChanged = "patch" in asked && Object.keys(asked.patch).length > 0;
  const hint = isStart ? "" : " Steps before this point keep what they made of the old one.";
  return (
    <label className={styles.field}>
      <span>{isText ? "What is asked" : "Input, as JSON"}</span>
      <textarea
        className={isText ? undefined : styles.code}
        value={written}
        rows={isText ? 3 : 6}
        spellCheck={isText}
        aria-describedby="go-on-hint"
        aria-invalid={"fault" in asked}
        onChange={({ target }) => onWrite(target.value)}
      />
      <span id="go-on-hint" className={"fault" in asked ? styles.fault : styles.hint} role="status">
        {"fault" in asked
          ? `This cannot be sent: ${showHidden(asked.fault)}`
          : `${isChanged ? "Changed." : "As it was; write something else to change what comes."}${hint}`}
      </span>
    </label>
  );
}

/** More are not named. */
const NAMED = 50;

interface Chosen {
  choices: Choices;
  onChoose(choices: Choices): void;
}

function Effects({ effects, problem, again, ...chosen }: ReturnType<typeof useDryRun> & Chosen): ReactNode {
  if (problem !== undefined)
    return <ProblemNote what="What it would do is not known." problem={problem} onRetry={again} />;
  if (effects === undefined) return <Loading what="what it would do" />;
  return (
    <>
      <p role="status">{effectWords(effects)}</p>
      {effects.length === 0 ? null : <EffectList effects={effects} {...chosen} />}
    </>
  );
}

function EffectList({ effects, choices, onChoose }: Chosen & { effects: readonly Effect[] }): ReactNode {
  return (
    <ScrollPart className={styles.effects} label="What had reached outside">
      <ul>
        {effects.slice(0, NAMED).map((effect) => (
          <EffectLine key={effect.step.id} effect={effect} choices={choices} onChoose={onChoose} />
        ))}
      </ul>
      {effects.length > NAMED ? <p className={styles.hint}>and {toCount(effects.length - NAMED)} more</p> : null}
    </ScrollPart>
  );
}

function EffectLine({ effect, choices, onChoose }: Chosen & { effect: Effect }): ReactNode {
  const { step, onReturn, choices: possible } = effect;
  return (
    <li>
      <span className={styles.number}>{step.number}</span>
      <span className={styles.what}>
        <strong>{showHidden(step.nodeId)}</strong> {showHidden(step.summary ?? "")}
      </span>
      <StatusWord status={step.status} quiet />
      {possible.length < 2 ? (
        <span className={styles.hint}>{onlyWord(effect)}</span>
      ) : (
        <select
          aria-label={`What becomes of step ${step.number}`}
          value={choices[step.number] ?? onReturn}
          onChange={({ target }) => onChoose({ ...choices, [step.number]: target.value as Effect["onReturn"] })}
        >
          {possible.map((one) => (
            <option key={one} value={one}>
              {ON_RETURN[one]}
            </option>
          ))}
        </select>
      )}
    </li>
  );
}
