import { StepDetailDocument } from "@soma/graphql/operations";
import { memo, type ReactNode, useEffect, useMemo, useRef } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useQuery } from "../../graphql/use-query.ts";
import type { LogEvent, StepView } from "../../run-log/view.ts";
import { ProblemNote } from "../../ui/problem-note.tsx";
import { Loading } from "../../ui/states.tsx";
import { StatusBadge } from "../../ui/status.tsx";
import { type Run, toDetail } from "./answers.ts";
import { aroundStep } from "./checkpoints.ts";
import { CopyAs } from "./copy-as-part.tsx";
import type { GoOn } from "./go-on.ts";
import { GoOnFrom } from "./go-on-from.tsx";
import { Attempts, Decision, Fault, Input, Output, Prompt, StepFacts } from "./inspector-parts.tsx";
import { SidePart } from "./side-part.tsx";
import { storyOf } from "./step-story.ts";

interface InspectorProps {
  run: Run;
  step: StepView;
  /** Those of its run. */
  events: readonly LogEvent[];
  onClose(): void;
  onGoOn(from: GoOn): void;
}

/**
 * Everything that is kept of one step: its events tell some of it at once, the server the rest. The page around it is
 * drawn anew each second while a run goes on, and this is not.
 */
export const Inspector = memo(function Inspector(props: InspectorProps): ReactNode {
  const { run, step, events, onClose, onGoOn } = props;
  const story = useMemo(() => storyOf(events, step.id), [events, step.id]);
  const places = useMemo(() => aroundStep(events, step.id), [events, step.id]);
  const { detail, problem, loading, reload } = useDetail(step);
  return (
    <SidePart title={`Step ${step.number}`} sign={<StatusBadge status={step.call ?? step.status} />} onClose={onClose}>
      <Fault step={step} />
      <StepFacts run={run} step={step} story={story} detail={detail} />
      {loading ? <Loading what="the rest of it" /> : null}
      {problem === undefined ? null : (
        <ProblemNote
          what={detail === undefined ? "The rest of the step could not be loaded." : "Some of the step is missing."}
          problem={problem}
          onRetry={reload}
        />
      )}
      <Input story={story} detail={detail} />
      <Decision step={step} detail={detail} />
      <Output detail={detail} />
      <Attempts failed={story.failed} />
      <Prompt detail={detail} />
      <GoOnFrom runId={run.id} places={places} onGoOn={onGoOn} />
      <CopyAs runId={run.id} step={step} />
    </SidePart>
  );
});

/** What the server tells of a step, asked again when the step comes to another status: what was told before is not all of it. */
function useDetail({ id, status }: StepView) {
  const [{ data, error, fetching }, ask] = useQuery(StepDetailDocument, { id });
  const reload = (): void => ask({ requestPolicy: "network-only" });
  const asked = useRef(status);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the function is another one at each render and does the same
  useEffect(() => {
    if (asked.current !== status) reload();
    asked.current = status;
  }, [status]);
  const detail = toDetail(data?.node);
  const problem = toProblem(error);
  return { detail, problem, loading: detail === undefined && fetching, reload };
}
