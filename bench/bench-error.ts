/** Why the bench cannot run, or why its figures would mean nothing: one line for people. */
export class BenchError extends Error {}
