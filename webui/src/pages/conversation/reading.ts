import { createContext } from "react";

/** Whether the reader of a conversation is further up than its end. */
export const ReadingContext = createContext<() => boolean>(() => false);
