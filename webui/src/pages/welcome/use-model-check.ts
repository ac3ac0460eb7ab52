import { TestModelDocument, type TestModelMutation } from "@soma/graphql/operations";
import { useState } from "react";
import { newIdempotencyKey } from "../../graphql/idempotency-key.ts";
import { toProblem } from "../../graphql/to-problem.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import type { Problem } from "../../ui/problem-note.tsx";

export type ModelCheck = NonNullable<TestModelMutation["testModel"]>["checks"][number];

/** Has the model of a profile asked small things, when told to; what was found before goes with each check. */
export function useModelCheck(profile: string) {
  const testModel = useMutation(TestModelDocument);
  const [isAsking, setAsking] = useState(false);
  const [checks, setChecks] = useState<readonly ModelCheck[]>();
  const [problem, setProblem] = useState<Problem>();
  const check = async (): Promise<void> => {
    setAsking(true);
    setChecks(undefined);
    setProblem(undefined);
    const { data, error } = await testModel({ input: { profile, idempotencyKey: newIdempotencyKey() } });
    setAsking(false);
    setChecks(data?.testModel?.checks);
    setProblem(error === undefined ? undefined : toProblem(error));
  };
  return { isAsking, checks, problem, check };
}
