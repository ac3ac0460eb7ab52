import { lazy, type ReactNode, Suspense } from "react";

/** A part of its own: who comes back to a conversation does not wait for it. Where it cannot be loaded, nothing is there. */
const Loaded = lazy(() => import("./welcome.tsx").catch(() => ({ default: () => null })));

export function Welcome(): ReactNode {
  return (
    <Suspense fallback={null}>
      <Loaded />
    </Suspense>
  );
}
