/** Imported before any package: what one of them uses that is deprecated, Node keeps to itself, and Deno would tell at each start. */
process.noDeprecation = true;
