/** What a caller is told to wait while what is under way is in its way: nobody knows when that ends. */
export const BUSY_RETRY_MS = 250;
