import { TestModelDocument, type TestModelMutation } from "@soma/graphql/operations";
import { useState } from "react";
import { toProblem } from "../../graphql/to-problem.ts";
import { useIdempotencyKey } from "../../graphql/use-idempotency-key.ts";
import { useMutation } from "../../graphql/use-mutation.ts";
import type { Problem } from "../../ui/problem-note.tsx";

export type ModelCheck = NonNullable<TestModelMutation["testModel"]>["checks"][number];

/**
 * Has the model of a profile asked small things, when told to; what was found before goes with each check. A check costs
 * money, so one whose answer was lost is not made twice; one that the server answered is over, even when it was refused.
 */
export function useModelCheck(profile: string) {
  const testModel = useMutation(TestModelDocument);
  const { keyFor, done } = useIdempotencyKey();
  const [isAsking, setAsking] = useState(false);
  const [checks, setChecks] = useState<readonly ModelCheck[]>();
  const [problem, setProblem] = useState<Problem>();
  const check = async (): Promise<void> => {
    setAsking(true);
    setChecks(undefined);
    setProblem(undefined);
    const { data, error } = await testModel({ input: { profile, idempotencyKey: keyFor(profile) } });
    if (error?.networkError === undefined) done();
    setAsking(false);
    setChecks(data?.testModel?.checks);
    setProblem(toProblem(error));
  };
  return { isAsking, checks, problem, check };
}
